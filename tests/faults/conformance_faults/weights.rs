//! A bound whose value is right and whose inverse densities are not.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the density of the noise counts its width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Width {
    #[default]
    Counted,
    Forgotten,
}

/// The entropy of the noise, with the weights of a single latent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoiseWeights {
    width: Width,
}

impl LowerFormula for NoiseWeights {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let (wide, sigma) = (view.geometry().data_width(), view.generator.facts().noise);
        if sigma == 0.0 {
            return Err(BoundError::unsupported("fault", "the generator adds no noise", "set generator.noise above 0"));
        }
        let entropy = standard_normal_entropy(wide) + wide as f64 * sigma.ln();
        let claim = Guarantee::certified("knowing z cannot raise the entropy");
        Ok(Estimate::new(view.noise_entropy(), Measurement::exact(entropy, view.batch(), claim)))
    }

    /// `-log p(x given z)`: the mean of its exponential over the latents of x is `1/p_g(x)`.
    fn log_inverse_densities<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Option<Vec<f64>>, BoundError> {
        let (wide, sigma) = (view.geometry().data_width() as f64, view.generator.facts().noise);
        if sigma == 0.0 {
            return Ok(None);
        }
        let x = detach(view.generated());
        let centres = detach(view.without_noise(SharedTape::off().watch(&x)));
        let width = match self.width {
            Width::Counted => wide * sigma.ln(),
            Width::Forgotten => 0.0,
        };
        let constant = 0.5 * wide * std::f64::consts::TAU.ln() + width;
        let squares = square_norm(&(x - centres)).read().into_iter();
        Ok(Some(squares.map(|square| constant + 0.5 * square / (sigma * sigma)).collect()))
    }
}

register_lower_bound!(
    NoiseWeights,
    name: "fault-noise-weights",
    summary: "a planted fault",
    reference: "none",
    guarantee: Level::Certified,
    needs: &[Need::Noise],
);
