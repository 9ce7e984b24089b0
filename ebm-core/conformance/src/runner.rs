//! Trying a rule in many cases, and shrinking the case that breaks it.

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::case::{Case, CaseSpec, cases};
use super::{Options, Outcome, Violation};
use ebm_core::error::{BoundError, ConfigError};

/// Why a case does not say that the rule was kept.
pub(super) enum Stop {
    /// The rule does not speak of it, and why.
    Silent(String),
    /// The rule is broken.
    Broken(Violation),
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Broken(violation)
    }
}

impl From<BoundError> for Stop {
    fn from(error: BoundError) -> Self {
        Self::Silent(format!("the bound refuses the situation: {error}"))
    }
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        Self::Silent(format!("the bound refuses the situation: {error}"))
    }
}

/// Cases that a rule may not speak of, for each one that is asked for.
const REFUSALS: u32 = 4;

/// Tries `test` in `options.cases` cases that it speaks of, if so many are found, the same number with each configuration. A
/// panic breaks the rule.
pub(super) fn run(options: &Options, spec: CaseSpec, test: impl Fn(&Case) -> Result<(), Stop>) -> Outcome {
    let each = Options { cases: options.cases.div_ceil(spec.configs.max(1) as u32), ..options.clone() };
    let (mut kept, mut silent) = (0, None);
    for config in 0..spec.configs.max(1) {
        match run_config(&each, spec, config, &test) {
            Outcome::Passed { cases } => kept += cases,
            Outcome::NotApplicable { reason } => silent = silent.or(Some(reason)),
            failed => return failed,
        }
    }
    match silent {
        Some(reason) if kept == 0 => Outcome::not_applicable(reason),
        _ => Outcome::Passed { cases: kept },
    }
}

fn run_config(options: &Options, spec: CaseSpec, config: usize, test: &impl Fn(&Case) -> Result<(), Stop>) -> Outcome {
    let strategy = cases(spec, config);
    let config = Config {
        cases: options.cases,
        rng_seed: RngSeed::Fixed(options.seed.wrapping_add(config as u64)),
        failure_persistence: None,
        max_shrink_iters: 128,
        max_global_rejects: REFUSALS.saturating_mul(options.cases),
        ..Config::default()
    };
    let kept = Cell::new(0);
    let silent = RefCell::new(None);
    let tried = |case: &Case| -> Result<(), Stop> {
        let result = caught(|| test(case)).unwrap_or_else(|words| {
            let words = words.lines().next().unwrap_or_default().to_string();
            Err(Violation::told(format!("it panicked: {words}")).into())
        });
        result.map_err(|stop| match stop {
            Stop::Broken(violation) => Stop::Broken(Violation {
                case: [&violation.case, ", ", &case.to_string()].concat().trim_start_matches(", ").into(),
                ..violation
            }),
            silent => silent,
        })
    };
    let result = TestRunner::new(config).run(&strategy, |case| match tried(&case) {
        Ok(()) => {
            kept.set(kept.get() + 1);
            Ok(())
        }
        Err(Stop::Silent(reason)) => {
            silent.borrow_mut().get_or_insert(reason);
            Err(TestCaseError::reject("the rule does not speak of it"))
        }
        Err(Stop::Broken(violation)) => Err(TestCaseError::fail(violation.to_string())),
    });
    match result {
        Err(TestError::Fail(_, case)) => Outcome::Failed(match tried(&case) {
            Err(Stop::Broken(violation)) => violation,
            _ => Violation {
                case: case.to_string(),
                ..Violation::told("it is broken in some evaluations of a case and kept in others")
            },
        }),
        // Too few cases that it speaks of are not its fault.
        _ if kept.get() == 0 => {
            Outcome::not_applicable(silent.into_inner().unwrap_or_else(|| "there was no case for it".into()))
        }
        _ => Outcome::Passed { cases: kept.get() },
    }
}

/// The result of `f`, or what it panicked with.
pub(super) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| words(&*payload))
}

/// The outcome, a panic being a failure.
pub(super) fn outcome(f: impl FnOnce() -> Outcome) -> Outcome {
    caught(f).unwrap_or_else(|words| Outcome::Failed(Violation::told(format!("it panicked: {words}"))))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let told = payload.downcast_ref::<&str>().map(ToString::to_string);
    told.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".into())
}
