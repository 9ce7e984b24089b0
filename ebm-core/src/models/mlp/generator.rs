//! A multi-layer perceptron as generator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::geometry::Geometry;
use crate::kernels::Activation;
use crate::models::Generator;
use crate::models::noise::{NoiseConfig, NoiseLevel};
use crate::models::of_network::NetworkGenerator;
use crate::random::Random;
use crate::register_generator;
use crate::registry::{GeneratorSpec, Need};
use crate::tape::Parts;

use super::network::{check_gain, check_widths};
use super::{Init, Network, NetworkOptions};

/// A multi-layer perceptron from latents to samples.
///
/// ```
/// use ebm_core::models::mlp::MlpGeneratorConfig;
/// use ebm_core::registry::{GeneratorSpec, Need};
///
/// let config: MlpGeneratorConfig = toml::from_str("latent = 16\nnoise = 0.05")?;
/// assert_eq!(config.latent_width(64), 16);
/// assert_eq!(config.meets(Need::Noise), Ok(()));
/// // As many latent dimensions as the data has, and no noise, unless told otherwise.
/// assert_eq!(MlpGeneratorConfig::default().latent_width(64), 64);
/// assert!(MlpGeneratorConfig::default().meets(Need::Noise).is_err());
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MlpGeneratorConfig {
    /// Number of latent dimensions d. 0: as many as the data has.
    pub latent: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Activation of the output.
    pub output: Activation,
    /// Batch-norm after the activation of every hidden layer.
    pub batch_norm: bool,
    /// Standard deviation sigma of the noise added to every sample: a number, or one that is trained.
    pub noise: NoiseConfig,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    pub init_gain: f64,
}

impl Default for MlpGeneratorConfig {
    fn default() -> Self {
        Self {
            latent: 0,
            hidden: vec![128, 128, 128],
            activation: Activation::Silu,
            output: Activation::Identity,
            batch_norm: false,
            noise: NoiseConfig::default(),
            init: Init::Uniform,
            init_gain: 1.0,
        }
    }
}

/// The generator that [`MlpGeneratorConfig`] describes.
///
/// ```
/// use dfdx::prelude::HasShape;
/// use ebm_core::geometry::{Fixed, Geometry};
/// use ebm_core::models::Generator;
/// use ebm_core::models::mlp::{MlpGenerator, MlpGeneratorConfig};
/// use ebm_core::random::Random;
/// use ebm_core::tape::SharedTape;
///
/// let config: MlpGeneratorConfig = toml::from_str("hidden = [8]\nactivation = \"relu\"")?;
/// let generator = MlpGenerator::new(Fixed::<2, 3>, &config, Random::new(0));
/// let z = Fixed::<2, 3>.latents(vec![0.1; 10]);
/// let x = generator.forward(SharedTape::off().watch(&z));
/// assert_eq!(x.shape().0, 5);
/// assert!(generator.facts().piecewise_linear && !generator.facts().injective);
/// # Ok::<(), toml::de::Error>(())
/// ```
pub type MlpGenerator<G> = NetworkGenerator<G, Network>;

impl<G: Geometry> NetworkGenerator<G, Network> {
    /// A generator with weights drawn from `random`.
    pub fn new(geometry: G, config: &MlpGeneratorConfig, random: Random) -> Self {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        let options = NetworkOptions {
            activation: config.activation,
            output_activation: config.output,
            batch_norm: config.batch_norm,
            init: config.init,
            gain: config.init_gain,
            ..NetworkOptions::plain(d, &config.hidden, wide, Parts::GENERATOR)
        };
        Self {
            geometry,
            network: Network::new(&options, random),
            noise: NoiseLevel::new(&config.noise),
        }
    }
}

impl GeneratorSpec for MlpGeneratorConfig {
    fn check(&self) -> Result<(), ConfigError> {
        check_widths(&self.hidden)?;
        check_gain(self.init_gain)?;
        self.noise.check()
    }
    fn meets(&self, need: Need) -> Result<(), ConfigError> {
        self.noise.meets(need)
    }
    fn latent_width(&self, data: usize) -> usize {
        if self.latent == 0 { data } else { self.latent }
    }
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError> {
        Ok(Box::new(MlpGenerator::new(geometry, self, random)))
    }
}

register_generator!(
    MlpGeneratorConfig,
    name: "mlp",
    summary: "multi-layer perceptron, optionally with batch-norm and output noise",
    reference: "Geng et al., NeurIPS 2021, toy experiments",
);
