//! The order of the batch does not matter.
//!
//! Where random numbers belong to rows (a time, a projection, noise), a batch in another order gets others, and its value is
//! another one. Then the means over many draws are compared.

use super::super::differences::EXACT;
use super::*;
use ebm_core::{bounds::Guarantee, geometry::Geometry};

/// Draws that are averaged.
const DRAWS: u64 = 40;
/// Standard errors of the difference that chance may bring about.
const CHANCE: f64 = 6.5;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: 5, widest: 4, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let value = |ordered: bool, draw: u64| value(on, case, ordered, draw);
        let (ordered, permuted) = (value(true, 0)?, value(false, 0)?);
        if same(ordered, permuted) {
            return Ok(());
        }
        let differences: Vec<f64> =
            (1..=DRAWS).map(|draw| Ok(value(true, draw)? - value(false, draw)?)).collect::<Result<_, Stop>>()?;
        let mean = Measurement::of(differences, Guarantee::heuristic("a difference"));
        let rounding = EXACT * (1.0 + ordered.abs());
        if mean.value.is_nan() || mean.value.abs() <= CHANCE * mean.standard_error + rounding {
            return Ok(());
        }
        let message = format!(
            "the mean over {DRAWS} draws changes by {} +- {} when the batch is in another order; one value each:",
            mean.value, mean.standard_error
        );
        Err(Violation::of(ordered, permuted, message).into())
    })
}

fn value(on: &On<'_>, case: &Case, ordered: bool, draw: u64) -> Result<f64, Stop> {
    let mut at = on.situation(case);
    // A bound may draw from what it was built with, by the step.
    at.random = Random::new(case.seed).stream("draw").at(draw);
    at.step = draw + 1;
    if !ordered {
        // Backwards: no sample but the middle one keeps its place.
        let backwards =
            |rows: Vec<Real>, width: usize| -> Vec<Real> { rows.chunks(width).rev().flatten().copied().collect() };
        let g = geometry(case);
        at.latents = g.latents(backwards(values(&at.latents), case.latent));
        at.data = g.samples(backwards(values(&at.data), case.data));
    }
    let mut bound = on.bound(case)?;
    Ok(bound.evaluate(&at, SharedTape::off())?.measurement.value)
}
