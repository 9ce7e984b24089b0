//! One sample, one dimension, as many latent as data dimensions: a finite value or a typed error.

use super::super::case::{Case, CaseSpec};
use super::super::exact::geometry;
use super::super::runner::{Stop, run};
use super::super::subject::trained;
use super::{ANY, On, Outcome, Violation, trained_value};
use ebm_core::tape::{SharedTape, backward};

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: 1, widest: 3, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let mut seen = Vec::new();
        for batch in [1, 2, 3] {
            for tape in [SharedTape::off(), SharedTape::training(trained(on.subject.side()))] {
                let case = Case { batch, ..case.clone() };
                let at = on.situation(&case);
                let Ok(mut bound) = on.bound(geometry(&case), &case) else {
                    continue;
                };
                let Ok(estimate) = bound.evaluate(&at, tape) else {
                    continue;
                };
                let values = [estimate.measurement.value, trained_value(&estimate)];
                backward(estimate.value);
                if let Some(bad) = values.iter().find(|value| !value.is_finite()) {
                    let message = format!("the value of a batch of {batch} is {bad}, and no error says why");
                    return Err(Violation::told(message).into());
                }
                seen.push(batch);
            }
        }
        match seen.is_empty() {
            true => Err(Stop::Silent("the bound refuses every such situation".into())),
            false => Ok(()),
        }
    })
}
