//! A value that is claimed certified is on its side of the exact one.

use super::super::case::{Case, CaseSpec};
use super::super::exact::{self, Exact, geometry};
use super::super::runner::{Stop, run};
use super::super::subject::Bound;
use super::{KNOWN, Level, On, Outcome, Side, Situation, on_its_side};
use ebm_core::bounds::{Measurement, Target};
use ebm_core::geometry::Runtime;
use ebm_core::tape::SharedTape;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let certified = on.certified();
    if certified.is_empty() {
        let reason = "no configuration claims a certified value".into();
        return Outcome::NotApplicable { reason };
    }
    let spec = CaseSpec { configs: certified.len(), ..on.suited(KNOWN) };
    run(on.options, spec, |case| {
        let case = &Case { config: certified[case.config], ..case.clone() };
        let at = on.situation(case);
        let mut bound = on.bound(geometry(case), case)?;
        let (measured, exact) = certified_pair(on, case, &at, &mut bound)?;
        on_its_side(on.subject.side(), &on.variants[case.config].label, &measured, exact)?;
        Ok(())
    })
}

/// A certified value with the exact one of the same quantity.
pub(super) fn certified_pair(
    on: &On<'_>,
    case: &Case,
    at: &Situation<Runtime>,
    bound: &mut Bound<Runtime>,
) -> Result<(Measurement, Exact), Stop> {
    if !bound.bounds_something() {
        return Err(Stop::Silent("it bounds nothing".into()));
    }
    let measured = bound.evaluate(at, SharedTape::off())?.measurement;
    if measured.guarantee.level != Level::Certified {
        let reason = format!("nothing is claimed certified: {}", measured.guarantee.reason);
        return Err(Stop::Silent(reason));
    }
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
