use super::super::subject::lower_view;
use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    run(on.options, on.suited(KNOWN), |case| {
        let at = on.situation(case);
        let Bound::Lower(mut bound) = on.bound(case)? else {
            return Err(Stop::Silent("only lower bounds have a ceiling".into()));
        };
        let Some(ceiling) = bound.entropy_upper_bound(&lower_view(&at, SharedTape::off()))? else {
            return Err(Stop::Silent("it has no ceiling".into()));
        };
        only_certified(&ceiling)?;
        let Some(exact) = exact::entropy(case, &at) else {
            return Err(Stop::Silent("no exact value is known".into()));
        };
        on_its_side(Side::Upper, "the entropy's ceiling", &ceiling, exact)?;
        Ok(())
    })
}
