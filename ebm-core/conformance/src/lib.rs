//! Checks a bound against the whole contract.
//!
//! [`check_lower`] and [`check_upper`] take the name a bound is registered under, put the bound into many random situations
//! whose every quantity is known, and say of each [`Rule`] whether it was kept. In a bound's own crate, one line makes a
//! test of every rule:
//!
//! ```text
//! ebm_conformance::conformance_tests!(lower, "noise-floor");
//! ```
//!
//! A name that nobody registered breaks one rule, and no other speaks of it:
//!
//! ```
//! use ebm_conformance::{Entry, Options, Outcome, Report, Rule, Side, Violation};
//! use ebm_conformance::{check_lower, check_rule, check_upper};
//!
//! let options = Options { cases: 5, ..Default::default() };
//! let report: Report = check_lower("no-such-bound", &options);
//! assert!(report.failed() && report.broken().eq([Rule::Registered]));
//! assert!(check_upper("no-such-bound", &options).broken().eq([Rule::Registered]));
//!
//! let Entry { outcome, .. } = check_rule(Side::Lower, "no-such-bound", Rule::Registered, &options);
//! assert!(matches!(outcome, Outcome::Failed(Violation { message, .. }) if message.contains("no-such-bound")));
//! let gradient = check_rule(Side::Lower, "no-such-bound", Rule::Gradient, &options);
//! assert!(matches!(gradient.outcome, Outcome::NotApplicable { .. }));
//! ```
//!
//! The registered example is checked, and a configuration for every other choice that an option offers by name. Random numbers are
//! functions of [`Options::seed`], so that the same report comes again.

mod case;
mod configs;
mod differences;
mod draws;
mod exact;
mod report;
mod rule;
mod rules;
mod runner;
mod situation;
mod subject;

pub use report::{Entry, Outcome, Report, Violation};
pub use rule::{Rule, Side};

use subject::Subject;

/// Environment variable that says how many cases a rule is tried in.
const CASES: &str = "CONFORMANCE_CASES";

/// How many situations a rule is tried in, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Random situations a rule, at least 1: shared out evenly over the configurations, and at least one with each.
    pub cases: u32,
    /// Seed of the situations: the same seed gives the same report.
    pub seed: u64,
}

impl Default for Options {
    /// 200 cases, or as many as the environment variable `CONFORMANCE_CASES` says; seed 0.
    fn default() -> Self {
        let told = std::env::var(CASES).ok().and_then(|told| told.trim().parse().ok());
        Self { cases: told.filter(|cases| *cases > 0).unwrap_or(200), seed: 0 }
    }
}

/// Checks the lower bound registered as `name` against every rule; if there is none, [`Rule::Registered`] fails.
pub fn check_lower(name: &str, options: &Options) -> Report {
    check(Side::Lower, name, options)
}

/// Checks the upper bound registered as `name` against every rule; if there is none, [`Rule::Registered`] fails.
pub fn check_upper(name: &str, options: &Options) -> Report {
    check(Side::Upper, name, options)
}

fn check(side: Side, name: &str, options: &Options) -> Report {
    let rules = Rule::of(side);
    Report {
        side,
        name: name.into(),
        cases: options.cases,
        seed: options.seed,
        entries: rules.into_iter().map(|rule| check_rule(side, name, rule, options)).collect(),
    }
}

/// Checks one rule for the bound of a side that is registered as `name`.
pub fn check_rule(side: Side, name: &str, rule: Rule, options: &Options) -> Entry {
    let outcome = match (Subject::find(side, name), rule) {
        (Ok(subject), rule) => runner::outcome(|| rules::check(rule, &subject, options)),
        (Err(fault), Rule::Registered) => Outcome::Failed(Violation::told(fault)),
        (Err(_), _) => Outcome::not_applicable("there is no such bound to be checked"),
    };
    Entry { rule, outcome }
}

/// Checks one rule with the default options, as a test does.
///
/// # Panics
/// If the rule is broken, with what was found.
pub fn assert_rule(side: Side, name: &str, rule: Rule) {
    let entry = check_rule(side, name, rule, &Options::default());
    println!("{entry}");
    assert!(!matches!(entry.outcome, Outcome::Failed(_)), "{side} {name:?}\n{entry}");
}

/// Tests of a registered bound, one for each [`Rule`](crate::Rule): `conformance_tests!(lower, "name");` or
/// `conformance_tests!(upper, "name");`.
///
/// For two bounds in one file, put each into a module of its own. The crate needs
/// `ebm-conformance` among its `dev-dependencies`.
#[macro_export]
macro_rules! conformance_tests {
    (lower, $name:expr) => {
        $crate::__conformance_tests!(Lower, $name);
        $crate::__conformance_tests!(Lower, $name; certified_ceiling CertifiedCeiling, weights Weights);
    };
    (upper, $name:expr) => {
        $crate::__conformance_tests!(Upper, $name);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($side:ident, $name:expr) => {
        $crate::__conformance_tests!($side, $name;
            registered Registered, example Example, nonsense Nonsense, certified_value CertifiedValue, claims Claims,
            sandwich Sandwich, gradient Gradient, no_leak NoLeak, deterministic Deterministic, batch_order BatchOrder,
            small_shapes SmallShapes, extreme_inputs ExtremeInputs, state State, geometries Geometries, modes Modes, shares Shares,
            threads Threads);
    };
    ($side:ident, $name:expr; $($test:ident $rule:ident),+) => {
        $(
            #[test]
            fn $test() {
                $crate::assert_rule($crate::Side::$side, $name, $crate::Rule::$rule);
            }
        )+
    };
}
