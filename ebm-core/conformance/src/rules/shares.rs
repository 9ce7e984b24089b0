//! The value is a mean over the samples of a batch, unless it says why not: then the values of two halves of a batch, as two
//! processes have them, have the value of the whole as their mean.

use super::*;
use ebm_core::random::Share;

/// Samples of the batch, a multiple of usual groups of samples.
const BATCH: usize = 128;
/// Largest relative difference: an iteration that stops at a tolerance may stop elsewhere in half a batch.
const TOLERANCE: f64 = 2e-3;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: BATCH, widest: 4, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let at = on.situation(case);
        for training in [false, true] {
            let tape = || if training { on.training() } else { SharedTape::off() };
            let whole = on.bound(case)?.evaluate(&at, tape())?;
            let half = |rank: usize| -> Result<Estimate, Stop> {
                Ok(on.bound(case)?.evaluate_share(&at, Share::new(rank, 2), tape())?)
            };
            let halves = [half(0)?, half(1)?];
            if let Some(why) = halves.iter().chain([&whole]).find_map(|estimate| estimate.coupling.as_ref()) {
                return Err(Stop::Silent(format!("it is no mean over the samples: {why}")));
            }
            let [first, second] = halves.map(|half| values_of(&half));
            for ((first, second), whole) in first.into_iter().zip(second).zip(values_of(&whole)) {
                let mean = 0.5 * (first + second);
                let is_mean = (mean - whole).abs() <= TOLERANCE * (1.0 + whole.abs());
                if whole.is_finite() && !is_mean {
                    let message = "the mean of the values on two halves of a batch is not that on the whole, and the \
                                   estimate is not `coupled(why)`; several draws a sample are made `in_blocks`, and a \
                                   number for all samples is drawn from `whole()`";
                    return Err(Violation::of(mean, whole, message).into());
                }
            }
        }
        Ok(())
    })
}
