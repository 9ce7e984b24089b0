use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::layer_config::LayerConfig;
use super::{Preset, Stack, shape};
use crate::noise::{NoiseConfig, NoiseLevel};
use crate::of_network::NetworkGenerator;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Extent;
use ebm_core::models::Generator;
use ebm_core::network::{Init, Start, check_gain};
use ebm_core::random::Random;
use ebm_core::register_generator;
use ebm_core::registry::{Dimensions, GeneratorSpec, Need, Size};
use ebm_core::tape::Parts;

/// Layers from latents to images `[height, width, channels]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct ConvGeneratorConfig {
    /// Number of latent dimensions d.
    #[default(128)]
    pub latent: usize,
    /// The layers of a known net, unless `layers` lists others.
    pub preset: Preset,
    /// The layers from the latents to the image, each a table with one key: linear, conv, conv_transpose, batch_norm,
    /// activation, up_sample, average_pool, sum_pool or residual.
    pub layers: Vec<LayerConfig>,
    /// Standard deviation sigma of the noise added to every sample: a number, which may change over the run, or one that is
    /// trained.
    pub noise: NoiseConfig,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    #[default(1.0)]
    pub init_gain: f64,
}

impl ConvGeneratorConfig {
    fn chosen(&self) -> Vec<LayerConfig> {
        if self.layers.is_empty() { self.preset.generator() } else { self.layers.clone() }
    }
}

/// The generator that [`ConvGeneratorConfig`] describes.
pub type ConvGenerator<G> = NetworkGenerator<G, Stack>;

impl<G: Geometry> NetworkGenerator<G, Stack> {
    /// A generator with weights drawn from `random`.
    ///
    /// # Errors
    /// If the layers do not fit together, or do not end with as many values as the data has.
    pub fn new(geometry: G, config: &ConvGeneratorConfig, random: Random) -> Result<Self, ConfigError> {
        let (layers, inputs) = (config.chosen(), Extent::vector(geometry.latent_width()));
        let (outputs, wide) = (shape::after_all(&layers, inputs, "layers")?, geometry.data_width());
        ConfigError::require(
            outputs.len() == wide,
            "layers",
            format!("layers that end with {outputs}, {} values", outputs.len()),
            &format!("an image of the data's {wide} values"),
        )?;
        let start = Start { init: config.init, gain: config.init_gain, spectral_norm: false, settled: false };
        let network = Stack::new(&layers, inputs, start, Parts::GENERATOR, random)?;
        Ok(Self { geometry, network, noise: NoiseLevel::new(&config.noise) })
    }
}

impl GeneratorSpec for ConvGeneratorConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_within("latent", self.latent, 1..=65_536)?;
        shape::after_all(&self.chosen(), Extent::vector(self.latent), "layers")?;
        check_gain(self.init_gain)?;
        self.noise.check()
    }
    fn meets(&self, need: Need) -> Result<(), ConfigError> {
        self.noise.meets(need)
    }
    fn latent_width(&self, _data: usize) -> usize {
        self.latent
    }
    fn rank(&self, data: usize) -> usize {
        shape::narrowest(&self.chosen(), Extent::vector(self.latent)).min(data)
    }
    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let numbers = shape::numbers(&self.chosen(), Extent::vector(self.latent));
        let option = if self.layers.is_empty() { "preset" } else { "layers" };
        Some(Size::of_network(numbers, dimensions.batch, option))
    }
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError> {
        Ok(Box::new(ConvGenerator::new(geometry, self, random)?))
    }
}

register_generator!(
    ConvGeneratorConfig,
    name: "conv",
    summary: "images from transposed convolutions: DCGAN and other nets by name, or any stack of layers",
    reference: "Radford et al., ICLR 2016; residual blocks: Miyato et al., ICLR 2018",
);
