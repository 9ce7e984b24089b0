use ebm_core::jacobian::{IterativeOptions, smallest_pairs};
use ebm_core::models::{Generator, closed_form::standard_normal_entropy};
use ebm_core::{device::Real, geometry::Geometry};
use serde::Serialize;

use super::entropies::{Mean, log_volume};
use super::spectrum::{ends, values_at_once};
use super::{Quantiles, Rounding};

/// Steps after which the solver is looked at.
pub const STEPS: [usize; 8] = [0, 1, 2, 3, 5, 10, 20, 50];

/// The iterative solver after some steps from a random start, against the exact s_1 at the same latents.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Approach {
    /// Products with `J^T J` after the first.
    pub steps: usize,
    /// Estimate of s_1 over the exact one: never below 1, but for rounding.
    pub ratio: Quantiles,
    /// `d ln(estimate / s_1)`: by how much `H0 + d ln(estimate)` is above `H0 + d ln s_1`, nats.
    pub excess: Quantiles,
    /// `H0 + d ln(estimate)`, nats: what the bound says.
    pub entropy: Mean,
    /// The bound minus `H0 + sum_i ln s_i`, the exact value, nats.
    pub over_exact: Mean,
    /// Whether it is above the exact figure, beyond rounding: then it is no bound.
    pub above_exact: bool,
}

/// The solver after each of [`STEPS`], from directions `starts` `[n, d]` at latents `[n, d]` with the exact singular values
/// `spectra` `[n, d]`.
pub(super) fn approaches<G: Geometry>(
    generator: &dyn Generator<G>,
    latents: &[Real],
    starts: &[Real],
    spectra: &[Vec<f64>],
) -> Vec<Approach> {
    let after = |steps| Approach::of(steps, &estimates(generator, latents, starts, steps), spectra);
    STEPS.into_iter().map(after).collect()
}

fn estimates<G: Geometry>(generator: &dyn Generator<G>, latents: &[Real], starts: &[Real], steps: usize) -> Vec<f64> {
    let geometry = generator.geometry();
    let at_once = values_at_once(geometry);
    // Every step is to be taken, however good the estimate is by then.
    let options = IterativeOptions { steps, tolerance: 0.0 };
    let parts = latents.chunks(at_once).zip(starts.chunks(at_once));
    let found = parts.map(|(z, start)| {
        let (z, start) = (geometry.latents(z.to_vec()), geometry.latents(start.to_vec()));
        smallest_pairs(generator, &z, &start, options).values
    });
    found.flatten().collect()
}

impl Approach {
    fn of(steps: usize, estimates: &[f64], spectra: &[Vec<f64>]) -> Self {
        let d = spectra.first().map_or(0, Vec::len);
        let ratios = || estimates.iter().zip(spectra).map(|(found, exact)| found / ends(exact).0);
        let bounds = || estimates.iter().map(|found| d as f64 * found.ln());
        let over_exact = Mean::of(bounds().zip(spectra).map(|(bound, exact)| bound - log_volume(exact)));
        Self {
            steps,
            ratio: Quantiles::of(ratios()),
            excess: Quantiles::of(ratios().map(|ratio| d as f64 * ratio.ln())),
            entropy: Mean::of(bounds().map(|bound| standard_normal_entropy(d) + bound)),
            over_exact,
            above_exact: over_exact.value > d as f64 * Rounding::of(&[]).products,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::singular_values;
    use ebm_core::{geometry::Runtime, models::closed_form::LinearGaussian};

    const SPACE: Runtime = Runtime { latent: 2, data: 2 };

    /// `G(z) = (z_1, 3 z_2)` at two latents, from starts in the directions of both vectors together, or of the larger one.
    fn found(start: [Real; 2]) -> Vec<Approach> {
        let generator = LinearGaussian::new(SPACE, &[1.0, 0.0, 0.0, 3.0], &[0.0; 2], 0.0);
        let generator = &generator as &dyn Generator<_>;
        let latents = [0.0, 0.0, 1.0, -2.0];
        approaches(generator, &latents, &start.repeat(2), &singular_values(generator, &latents))
    }

    #[test]
    fn without_a_step_the_estimate_is_the_rayleigh_quotient_of_the_start() {
        let found = found([1.0, 1.0]);
        assert_eq!(found.iter().map(|a| a.steps).collect::<Vec<_>>(), STEPS);
        // sqrt((1 + 9) / 2), and 2 ln sqrt(5) = ln 5 nats too much: above ln 3.
        let (start, end) = (found[0], found[1]);
        let h0 = standard_normal_entropy(2);
        assert!((start.ratio.median - 5f64.sqrt()).abs() < 1e-5);
        assert!((start.excess.ninetieth - 5f64.ln()).abs() < 1e-5);
        assert!((start.entropy.value - h0 - 5f64.ln()).abs() < 1e-5);
        assert!((start.over_exact.value - (5.0f64 / 3.0).ln()).abs() < 1e-5);
        assert!(start.above_exact);
        // One step spans the plane.
        assert!((end.ratio.greatest - 1.0).abs() < 1e-4);
        assert!((end.over_exact.value + 3f64.ln()).abs() < 1e-3);
        assert!(!end.above_exact);
    }

    #[test]
    fn equal_singular_values_are_found_at_once_and_are_no_breach() {
        let generator = LinearGaussian::new(SPACE, &[0.0, -0.7, 0.7, 0.0], &[0.0; 2], 0.0);
        let generator = &generator as &dyn Generator<_>;
        let (z, start) = ([0.3, 0.4], [0.3, 1.7]);
        for approach in approaches(generator, &z, &start, &singular_values(generator, &z)) {
            assert!((approach.ratio.median - 1.0).abs() < 1e-5, "{approach:?}");
            assert!(!approach.above_exact, "{approach:?}");
        }
    }
}
