//! A training step and an evaluation have the same value, where they claim the same.
//!
//! A bound may leave out of training what costs much and trains nothing, if it then claims less, or gives another reason.

use super::*;

pub(super) fn check(on: &On<'_>) -> Outcome {
    run(on.options, on.suited(ANY), |case| {
        let measured = |tape| -> Result<Measurement, Stop> {
            let at = on.situation(case);
            Ok(on.bound(case)?.evaluate(&at, tape)?.measurement)
        };
        let training = measured(on.training())?;
        let evaluation = measured(SharedTape::off())?;
        let (claim, other) = (&training.guarantee, &evaluation.guarantee);
        if claim.level < other.level || (claim.level == other.level && claim.reason != other.reason) {
            return Err(Stop::Silent(format!(
                "training claims less, or something else: {}",
                training.guarantee.reason
            )));
        }
        if same(training.value, evaluation.value) {
            return Ok(());
        }
        let message = "a training step's value is not that of an evaluation on the same batch, and no batch statistics are \
                       involved";
        Err(Violation::of(training.value, evaluation.value, message).into())
    })
}
