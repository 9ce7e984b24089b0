use std::cell::RefCell;

use super::super::draws::{Draws, claims_its_scatter, pooled};
use super::*;

/// Samples of the large batch, as many as an evaluation may have, which one case in [`EVERY`] is tried with.
const LARGE: usize = 2048;
const EVERY: u64 = 8;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let certified = on.certified();
    if certified.is_empty() {
        return Outcome::not_applicable(NONE_CERTIFIED);
    }
    let side = on.subject.side();
    let pool = Pool::default();
    let spec = CaseSpec { configs: certified.len(), ..on.suited(KNOWN) };
    let outcome = run(on.options, spec, |case| {
        let case = &Case { config: certified[case.config], ..case.clone() };
        let draws = certified_draws(on, case)?;
        draws.on_its_side(side, &on.variants[case.config].name)?;
        if case.seed.is_multiple_of(EVERY) {
            let large = Case { batch: LARGE, ..case.clone() };
            let (measured, exact) = certified_pair(on, &large, &on.situation(&large), &mut on.bound(&large)?)?;
            draws.expects(side, (case, LARGE), (&measured, exact))?;
        }
        pool.add(case, draws);
        Ok(())
    });
    pool.judge(outcome, side, |config| on.variants[config].name.clone())
}

/// The draws of the cases that passed one by one, with configuration and generator.
#[derive(Default)]
pub(super) struct Pool(RefCell<Vec<(usize, GeneratorKind, Draws)>>);

impl Pool {
    pub fn add(&self, case: &Case, draws: Draws) {
        self.0.borrow_mut().push((case.config, case.generator, draws));
    }

    /// The outcome, unless the cases together show what none of them did: those of each configuration, and all; with every make of
    /// generator, since a bound may be tight with one of them only, and with any.
    pub fn judge(&self, outcome: Outcome, side: Side, name: impl Fn(usize) -> String) -> Outcome {
        if !matches!(outcome, Outcome::Passed { .. }) {
            return outcome;
        }
        let cases = self.0.borrow();
        let mut configs: Vec<usize> = cases.iter().map(|(config, ..)| *config).collect();
        configs.dedup();
        let makes = || KNOWN.generators.iter().copied().map(Some).chain([None]);
        let groups =
            configs.into_iter().map(Some).chain([None]).flat_map(|config| makes().map(move |make| (config, make)));
        for (config, make) in groups {
            let members = cases.iter().filter(|(own, generator, _)| {
                config.is_none_or(|config| config == *own) && make.is_none_or(|make| make == *generator)
            });
            let members: Vec<&Draws> = members.map(|(.., draws)| draws).collect();
            if let Err(violation) = pooled(side, &members).and_then(|()| claims_its_scatter(&members)) {
                let which = config.map_or_else(|| "all configurations".into(), &name);
                return Outcome::Failed(Violation { message: format!("{which}: {}", violation.message), ..violation });
            }
        }
        outcome
    }
}

/// Certified values on independent batches, each with the exact one.
pub(super) fn certified_draws(on: &On<'_>, case: &Case) -> Result<Draws, Stop> {
    let mut at = on.situation(case);
    let mut bound = on.bound(case)?;
    Draws::of(|draw| {
        at.redraw(case, draw);
        certified_pair(on, case, &at, &mut bound)
    })
}

/// A certified value with the exact one of the same quantity.
fn certified_pair(
    on: &On<'_>,
    case: &Case,
    at: &Situation<Runtime>,
    bound: &mut Bound<Runtime>,
) -> Result<(Measurement, Exact), Stop> {
    speaks(bound.bounds_something(), "it bounds nothing")?;
    let measured = bound.evaluate(at, SharedTape::off())?.measurement;
    only_certified(&measured)?;
    let unknown = || Stop::Silent("no exact value is known".into());
    let exact = match (on.subject.side(), &*bound) {
        (Side::Lower, _) => exact::entropy(case, at).ok_or_else(unknown)?,
        (Side::Upper, Bound::Upper(bound)) if bound.target() == Target::CrossEntropy => {
            exact::cross_entropy(case, at).ok_or_else(unknown)?
        }
        (Side::Upper, _) => {
            let entropy = exact::entropy(case, at).ok_or_else(unknown)?;
            exact::cross_entropy(case, at).ok_or_else(unknown)?.less(entropy)
        }
    };
    Ok((measured, exact))
}
