//! The value is a function of configuration, weights, seed and step.

use super::super::exact::geometry;
use super::super::runner::{Stop, run};
use super::super::subject::trained;
use super::{ANY, On, Outcome, Violation, trained_value};
use ebm_core::tape::SharedTape;

pub(super) fn check(on: &On<'_>) -> Outcome {
    run(on.options, on.suited(ANY), |case| {
        // With an evaluation in between or without: it must leave no trace.
        let value = |evaluated: bool| -> Result<[f64; 2], Stop> {
            let at = on.situation(case);
            let mut bound = on.bound(geometry(case), case)?;
            if evaluated {
                bound.evaluate(&at, SharedTape::off())?;
            }
            let estimate = bound.evaluate(&at, SharedTape::training(trained(on.subject.side())))?;
            Ok([trained_value(&estimate), estimate.measurement.value])
        };
        let first = value(false)?;
        for (again, what) in [
            (value(false)?, "two evaluations of one seed and step differ"),
            (value(true)?, "an evaluation in between changes what is trained next"),
        ] {
            for (a, b) in first.iter().zip(again) {
                if a.to_bits() != b.to_bits() {
                    return Err(Violation::of(*a, b, what).into());
                }
            }
        }
        Ok(())
    })
}
