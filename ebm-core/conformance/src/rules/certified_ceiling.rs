use super::super::draws::Draws;
use super::super::subject::lower_view;
use super::certified_value::Pool;
use super::*;

/// Sizes of batches: in a small one, a value that is right in the limit of many samples only is far off.
const BATCHES: [usize; 2] = [24, KNOWN.batch];

pub(super) fn check(on: &On<'_>) -> Outcome {
    let mut passed = 0;
    for batch in BATCHES {
        let pool = Pool::default();
        let spec = CaseSpec { batch, ..on.suited(KNOWN) };
        let outcome = run(on.options, spec, |case| {
            let draws = ceilings(on, case)?;
            draws.on_its_side(Side::Upper, "the entropy's ceiling")?;
            pool.add(case, draws);
            Ok(())
        });
        match pool.judge(outcome, Side::Upper, |config| on.variants[config].name.clone()) {
            Outcome::Passed { cases } => passed += cases,
            other => return other,
        }
    }
    Outcome::Passed { cases: passed }
}

fn ceilings(on: &On<'_>, case: &Case) -> Result<Draws, Stop> {
    let mut at = on.situation(case);
    let Bound::Lower(mut bound) = on.bound(case)? else {
        return Err(Stop::Silent("only lower bounds have a ceiling".into()));
    };
    Draws::of(|draw| {
        at.redraw(case, draw);
        let ceiling = bound.entropy_upper_bound(&lower_view(&at, SharedTape::off()))?;
        let ceiling = ceiling.ok_or_else(|| Stop::Silent("it has no ceiling".into()))?;
        only_certified(&ceiling)?;
        let exact = exact::entropy(case, &at).ok_or_else(|| Stop::Silent("no exact value is known".into()))?;
        Ok((ceiling, exact))
    })
}
