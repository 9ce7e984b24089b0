//! Weights that make samples of the generator stand for samples of the model.

use crate::{draws::draw_latents, error::TrainError, negatives::Outside};
use ebm_core::bounds::{GeneratorView, LowerBound};
use ebm_core::device::{PerSample, Real, Scalar, values};
use ebm_core::error::ConfigError;
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::kernels::rows::{stack, unstack};
use ebm_core::models::{Energy, Generator, sample};
use ebm_core::tensor::{column, detach, log_sum_exp, tensor};
use ebm_core::{random::Random, tape::SharedTape};

/// What the generated samples of an energy step weigh.
///
/// `Z = E_pg[e^-E / p_g; inside] + E_q[e^-E / q; outside]`: the generator's samples tell of the region of the data, and a few others of
/// what lies outside it, up to a hundred times its size. These weigh nothing as long as the energy is high there, and all where it
/// digs a well that the generator does not see. In the plane some stand for a share of the region of the data, too.
pub(crate) struct Weighing<G: Geometry> {
    /// Logarithms of unbiased estimates of `1/p_g`, less that of their number, `[B]`; minus infinity outside.
    generated: Vec<Real>,
    beside: Samples<G>,
    /// The same of the samples beside them.
    log_inverse: Vec<Real>,
}

/// Minus the logarithm of the sum of both mean weights, and what the weights are worth.
pub(crate) struct Weighed {
    /// An estimate of `-ln Z`: its gradient in the energy is the mean of the energy's with these weights, normalised.
    pub energy: Scalar<SharedTape>,
    /// `(sum w)^2 / sum w^2`, at most the number of samples.
    pub effective_samples: f64,
}

impl<G: Geometry> Weighing<G> {
    /// The weighing of the samples of the energy step that draws from `random`.
    ///
    /// # Errors
    /// If the bound does not know their density.
    pub fn new(
        generator: &dyn Generator<G>,
        lower: &dyn LowerBound<G>,
        region: &Outside,
        batch: usize,
        random: Random,
        step: u64,
    ) -> Result<Self, TrainError> {
        let geometry = generator.geometry();
        let latents = draw_latents(geometry, batch, random);
        let samples = detach(sample(generator, &latents, &SharedTape::off(), random));
        let view = GeneratorView::new(generator, &latents, SharedTape::off(), random, step).with_samples(&samples);
        let found = lower.log_inverse_densities(&view)?.ok_or_else(no_weights)?;
        let count = (found.len() as f64).ln();
        let samples = values(&samples);
        let weigh = |(h, x): (&f64, &[Real])| (h + region.log_share(x) - count) as Real;
        let generated = found.iter().zip(samples.chunks_exact(geometry.data_width())).map(weigh).collect();
        let (points, log_inverse) = region.samples(found.len(), random.stream("beside"));
        let log_inverse: Vec<Real> = log_inverse.into_iter().map(|h| h as Real).collect();
        Ok(Self { generated, beside: geometry.samples(points), log_inverse })
    }

    /// The samples weighed, given the energies `[B]` of the generated ones on the tape.
    pub fn weigh(&self, energy: &dyn Energy<G>, generated: PerSample<SharedTape>, tape: &SharedTape) -> Weighed {
        let beside = energy.forward(tape.watch(&self.beside));
        let all = self.generated.len() + self.log_inverse.len();
        let (energies, _) = unstack(stack(column(generated), column(beside)), all, (all,), (0, 1));
        weighed([&self.generated[..], &self.log_inverse].concat(), energies)
    }
}

/// The error about a lower bound that has no weights for the generator's samples.
pub(crate) fn no_weights() -> ConfigError {
    let expected = "false, or a lower bound that knows the density of the generator's samples: \"sv\" with variant = \"log-det\" for \
                    a flow without noise, or \"mi\" with estimator = \"barber-agakov\", \"importance-weighted\" or \
                    \"multi-sample\" for any generator with noise";
    ConfigError::new("train.weighted", true, expected)
}

/// By the logarithms of the inverse densities `[B]`, and the energies.
fn weighed(log_inverse: Vec<Real>, energies: PerSample<SharedTape>) -> Weighed {
    let log_weights: Vec<f64> =
        log_inverse.iter().zip(values(&energies)).map(|(h, energy)| f64::from(*h) - f64::from(energy)).collect();
    let largest = log_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = log_weights.iter().map(|w| (w - largest).exp());
    let (sum, squares) = weights.fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    let count = log_inverse.len();
    let h = SharedTape::off().watch(&tensor(log_inverse, (count,)));
    Weighed { energy: -log_sum_exp(h - energies), effective_samples: sum * sum / squares }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::tape::backward;
    use ebm_core::tensor::item;

    #[test]
    fn weights_are_normalised_and_their_logarithm_is_that_of_the_sum() {
        // Weights 1, 2 and 1, scaled by e^100, which single precision has no number for, and none.
        let log_inverse = vec![101.0, 100.0 + 2f64.ln() as Real, 100.0, Real::NEG_INFINITY];
        let energies = tensor(vec![1.0, 0.0, 0.0, 0.0], (4,));
        let tape = SharedTape::inputs_only();
        let found = weighed(log_inverse, tape.watch(&energies));
        assert!((found.effective_samples - 16.0 / 6.0).abs() < 1e-4, "{}", found.effective_samples);
        assert!((item(&found.energy) + 100.0 + 4f64.ln()).abs() < 1e-4, "{}", item(&found.energy));
        let slopes = values(&backward(found.energy).of(&energies));
        for (slope, weight) in slopes.into_iter().zip([0.25, 0.5, 0.25, 0.0]) {
            assert!((f64::from(slope) - weight).abs() < 1e-5, "{slope}");
        }
    }
}
