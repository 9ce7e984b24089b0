use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let certified = on.certified();
    if certified.is_empty() {
        return Outcome::not_applicable(NONE_CERTIFIED);
    }
    let spec = CaseSpec { configs: certified.len(), ..on.suited(KNOWN) };
    run(on.options, spec, |case| {
        let case = &Case { config: certified[case.config], ..case.clone() };
        let at = on.situation(case);
        let mut bound = on.bound(case)?;
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
