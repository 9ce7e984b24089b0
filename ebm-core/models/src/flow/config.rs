//! Options of the coupling flow.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FlowGenerator;
use crate::noise::NoiseConfig;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Activation;
use ebm_core::models::Generator;
use ebm_core::network::check_widths;
use ebm_core::random::Random;
use ebm_core::register_generator;
use ebm_core::registry::{GeneratorSpec, Need};

/// A monotone coupling flow: d = D, injective, so that the entropy from its Jacobian is exact.
///
/// Each layer transforms every other coordinate by a strictly increasing function, a sum of steps whose places, heights
/// and widths a network reads off the remaining coordinates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlowGeneratorConfig {
    /// Number of coupling layers; they transform the even and the odd coordinates in turn.
    pub layers: usize,
    /// Steps of each increasing function.
    pub steps: usize,
    /// Widths of the hidden layers of each layer's network.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Standard deviation sigma of the noise added to every sample: a number, or one that is trained.
    pub noise: NoiseConfig,
}

impl Default for FlowGeneratorConfig {
    fn default() -> Self {
        Self { layers: 2, steps: 12, hidden: vec![32, 32], activation: Activation::Silu, noise: NoiseConfig::default() }
    }
}

impl GeneratorSpec for FlowGeneratorConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require((1..=64).contains(&self.layers), "layers", self.layers, "a number between 1 and 64")?;
        ConfigError::require((1..=256).contains(&self.steps), "steps", self.steps, "a number between 1 and 256")?;
        check_widths(&self.hidden)?;
        self.noise.check()
    }

    fn meets(&self, need: Need) -> Result<(), ConfigError> {
        self.noise.meets(need)
    }

    fn latent_width(&self, data: usize) -> usize {
        data
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError> {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        ConfigError::require(
            d == wide && d >= 2,
            "kind",
            "flow",
            &format!("as many latent as data dimensions and at least two, not {d} and {wide}"),
        )?;
        Ok(Box::new(FlowGenerator::new(geometry, self, random)))
    }
}

register_generator!(
    FlowGeneratorConfig,
    name: "flow",
    summary: "monotone coupling flow: injective, with an exact Jacobian determinant",
    reference: "coupling: Dinh et al., ICLR 2017; sums of sigmoids: Huang et al., \"Neural autoregressive flows\", ICML 2018",
);
