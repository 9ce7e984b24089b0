//! The gradient of the generator's log-density that the energy's is compared with.

use std::fmt;

use ebm_core::kernels::kernel_sum;
use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The gradient of the generator's log-density that the energy's is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Score {
    /// Of log p_g(G(z)) = log p0(z) - volume, which leaves out the generator's noise: what the papers train.
    #[default]
    Latent,
    /// Of log p_g(x) at x = G(z) + sigma n, noise included: sum_k w_k (G(z_k) - x) / sigma^2, with normalised weights w_k
    /// proportional to N(x; G(z_k), sigma^2 I), over the sample's own latent and a bank that all samples of a step share. It needs
    /// a generator with noise; `volume` does not apply. The name alone, "multi-sample", stands for 1024 latents.
    MultiSample {
        /// Latents in the bank, drawn anew at every step.
        samples: usize,
    },
}

impl Score {
    /// Latents where their number is not given.
    const SAMPLES: usize = 1024;
    /// Largest number of latents.
    const MOST: usize = 1 << 20;

    /// Refuses a number of latents that cannot be used.
    pub(crate) fn check(self) -> Result<(), ConfigError> {
        match self {
            Self::Latent => Ok(()),
            Self::MultiSample { samples } => {
                ConfigError::require_within("score.multi-sample.samples", samples, 1..=Self::MOST)
            }
        }
    }

    /// Refuses a generator without the noise that its score needs.
    pub(crate) fn accepts<G: Geometry>(self, generator: &dyn Generator<G>) -> Result<(), BoundError> {
        if self == Self::Latent || generator.facts().noise > 0.0 {
            return Ok(());
        }
        Err(BoundError::unsupported(
            "gp",
            "score \"multi-sample\" is that of a generator with noise, and the generator adds none",
            "set generator.noise above 0, or upper.score = \"latent\"",
        ))
    }
}

/// The score `grad_x log p_g(x)` `[B, D]` at `view.generated()`, whose samples without noise are `own`, from a bank of `samples`
/// latents beside each sample's own.
pub(crate) fn multi_sample<G: Geometry>(view: &EnergyView<'_, G>, own: &Samples<G>, samples: usize) -> Samples<G> {
    let generator = view.generator;
    // The same bank wherever a part of the batch is evaluated, so that the value is a mean over the samples.
    let place = view.random.whole().stream("score");
    let latents = place.normal_tensor((samples, generator.geometry().latent()));
    let bank = detach(generator.forward(SharedTape::off().watch(&latents)));
    kernel_sum::score(view.generated(), own, &bank, generator.facts().noise)
}

/// By hand, so that the name alone stands for the table with its default.
impl<'de> Deserialize<'de> for Score {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

struct NameOrTable;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    Latent,
    MultiSample,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Table {
    MultiSample { samples: usize },
}

impl<'de> Visitor<'de> for NameOrTable {
    type Value = Score;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"latent\", \"multi-sample\" or { multi-sample = { samples = ... } }")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Score, E> {
        let name: Result<Name, E> = Name::deserialize(name.into_deserializer());
        Ok(match name? {
            Name::Latent => Score::Latent,
            Name::MultiSample => Score::MultiSample { samples: Score::SAMPLES },
        })
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Score, A::Error> {
        let Table::MultiSample { samples } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Score::MultiSample { samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::EnergySituation;
    use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};

    /// x = W z + n/2 has the covariance [[4.25, 2], [2, 1.25]], of determinant 1.3125.
    const W: [f64; 2] = [2.0, 1.0];
    const SIGMA: f64 = 0.5;
    const PRECISION: [[f64; 2]; 2] = [[1.25 / 1.3125, -2.0 / 1.3125], [-2.0 / 1.3125, 4.25 / 1.3125]];
    const SAMPLES: usize = 4096;

    /// `int N(z; 0, 1) f(z) dz`
    fn integral(f: impl Fn(f64) -> f64) -> f64 {
        let nodes = (-4000..=4000).map(|i| f64::from(i) * 2.5e-3);
        nodes.map(|z| (-0.5 * z * z).exp() * f(z)).sum::<f64>() * 2.5e-3 / std::f64::consts::TAU.sqrt()
    }

    #[test]
    fn the_score_is_that_of_the_samples_with_their_noise_within_the_error_of_the_bank() {
        let g = Runtime { latent: 1, data: 2 };
        let generator = LinearGaussian::new(g, &W, &[0.0; 2], SIGMA);
        let energy = QuadraticEnergy::new(g, &[1.0, 0.0, 0.0, 1.0], &[0.0; 2]);
        let (latents, data) = (g.latents(Random::new(1).normals(64)), g.samples(vec![0.0; 2 * 64]));
        let situation =
            EnergySituation::<Runtime> { energy: &energy, generator: &generator, latents: &latents, data: &data };
        let view = EnergyView::new(&situation, SharedTape::off(), Random::new(2), 0);
        let own = detach(generator.forward(SharedTape::off().watch(&latents)));
        let found = values(&multi_sample(&view, &own, SAMPLES));
        let points = values(view.generated());
        for (x, found) in points.chunks(2).zip(found.chunks(2)) {
            let x = [f64::from(x[0]), f64::from(x[1])];
            let weight = |z: f64| {
                let squares = (W[0] * z - x[0]).powi(2) + (W[1] * z - x[1]).powi(2);
                (-0.5 * squares / (SIGMA * SIGMA)).exp()
            };
            let total = integral(weight);
            for ((w, row), found) in W.iter().zip(PRECISION).zip(found) {
                // A mean with normalised weights has about the variance E[weight^2 (G - mean)^2] / (K E[weight]^2).
                let mean = integral(|z| weight(z) * w * z) / total;
                let square = integral(|z| (weight(z) * (w * z - mean)).powi(2)) / (total * total);
                let error = (square / SAMPLES as f64).sqrt() / (SIGMA * SIGMA);
                let truth = -(row[0] * x[0] + row[1] * x[1]);
                assert!((f64::from(*found) - truth).abs() < 6.0 * error + 1e-4, "{found} +- {error}, not {truth}");
                // The test can tell: without the bank, the score has a deviation of 1/sigma.
                assert!(error < 0.25 / SIGMA, "{error} at {x:?}");
            }
        }
    }
}
