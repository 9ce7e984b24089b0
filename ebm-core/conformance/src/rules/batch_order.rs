//! The order of the batch does not matter.
//!
//! Where random numbers belong to rows (a time, a projection, noise), a batch in another order gets others, and its value is
//! another one. Then the means over many draws are compared.

use super::super::differences::EXACT;
use super::*;
use ebm_core::{bounds::Guarantee, geometry::Geometry};

/// Draws that are averaged.
const DRAWS: u64 = 40;
/// Samples, an even number, so that they make pairs.
const BATCH: usize = 6;
/// Standard errors of the difference that chance may bring about.
const CHANCE: f64 = 6.5;

pub(super) fn check(on: &On<'_>) -> Outcome {
    let spec = CaseSpec { batch: BATCH, widest: 4, ..on.suited(ANY) };
    run(on.options, spec, |case| {
        let value = |order: Order, draw: u64| value(on, case, order, draw);
        let (ordered, permuted) = (value(Order::Given, 0)?, value(Order::Backwards, 0)?);
        if same(ordered, permuted) {
            return Ok(());
        }
        let differences: Vec<f64> = (1..=DRAWS)
            .map(|draw| Ok(value(Order::Given, draw)? - value(Order::Backwards, draw)?))
            .collect::<Result<_, Stop>>()?;
        let mean = Measurement::of(differences, Guarantee::heuristic("a difference"));
        let rounding = EXACT * (1.0 + ordered.abs());
        if mean.value.is_nan() || mean.value.abs() <= CHANCE * mean.standard_error + rounding {
            return Ok(());
        }
        // Neighbours stay neighbours, and pairs pairs, where the batch is turned round by one or two places.
        let turned = [value(Order::Turned(1), 0)?, value(Order::Turned(2), 0)?];
        let cause = match turned.iter().any(|turned| same(ordered, *turned)) {
            true => {
                "; it stays the same where the batch is turned round, so the bound pairs samples by their position in \
                 the batch: let view.random draw the pairs"
            }
            false => {
                "; a bound that pairs samples by their position in the batch should let view.random draw the pairs"
            }
        };
        let message = format!(
            "the mean over {DRAWS} draws changes by {} +- {} when the batch is in another order{cause}; one value each:",
            mean.value, mean.standard_error
        );
        Err(Violation::of(ordered, permuted, message).into())
    })
}

/// An order of the batch.
#[derive(Clone, Copy)]
enum Order {
    Given,
    Backwards,
    /// Every sample so many places on, cyclically.
    Turned(usize),
}

fn value(on: &On<'_>, case: &Case, order: Order, draw: u64) -> Result<f64, Stop> {
    let mut at = on.situation(case);
    // A bound may draw from what it was built with, by the step.
    at.random = Random::new(case.seed).stream("draw").at(draw);
    at.step = draw + 1;
    let arranged = |rows: Vec<Real>, width: usize| -> Vec<Real> {
        let mut rows: Vec<&[Real]> = rows.chunks(width).collect();
        match order {
            Order::Given => {}
            Order::Backwards => rows.reverse(),
            Order::Turned(places) => rows.rotate_right(places),
        }
        rows.concat()
    };
    let g = geometry(case);
    at.latents = g.latents(arranged(values(&at.latents), case.latent));
    at.data = g.samples(arranged(values(&at.data), case.data));
    let mut bound = on.bound(case)?;
    Ok(bound.evaluate(&at, SharedTape::off())?.measurement.value)
}
