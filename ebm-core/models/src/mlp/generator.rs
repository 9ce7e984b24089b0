use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::noise::{NoiseConfig, NoiseLevel};
use crate::of_network::{GeneratorNetwork, NetworkGenerator};
use ebm_core::device::Matrix;
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Activation;
use ebm_core::models::{Generator, GeneratorFacts};
use ebm_core::random::Random;
use ebm_core::register_generator;
use ebm_core::registry::{Dimensions, GeneratorSpec, Need, Size};
use ebm_core::tape::{Parts, SharedTape};

use ebm_core::network::{Init, Network, NetworkOptions, check_gain, check_widths};

/// A multi-layer perceptron from latents to samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct MlpGeneratorConfig {
    /// Number of latent dimensions d. 0: as many as the data has.
    pub latent: usize,
    /// Widths of the hidden layers.
    #[default(vec![128, 128, 128])]
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Activation of the output.
    #[default(Activation::Identity)]
    pub output: Activation,
    /// Batch-norm after the activation of every hidden layer.
    pub batch_norm: bool,
    /// Standard deviation sigma of the noise added to every sample: a number, which may change over the run, or one that is
    /// trained.
    pub noise: NoiseConfig,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    #[default(1.0)]
    pub init_gain: f64,
}

impl MlpGeneratorConfig {
    fn options(&self, latent: usize, data: usize) -> NetworkOptions<'_> {
        NetworkOptions {
            activation: self.activation,
            output_activation: self.output,
            batch_norm: self.batch_norm,
            init: self.init,
            gain: self.init_gain,
            ..NetworkOptions::plain(latent, &self.hidden, data, Parts::GENERATOR)
        }
    }
}

/// The generator that [`MlpGeneratorConfig`] describes.
pub type MlpGenerator<G> = NetworkGenerator<G, Network>;

impl<G: Geometry> NetworkGenerator<G, Network> {
    /// A generator with weights drawn from `random`.
    pub fn new(geometry: G, config: &MlpGeneratorConfig, random: Random) -> Self {
        let options = config.options(geometry.latent_width(), geometry.data_width());
        Self { geometry, network: Network::new(&options, random), noise: NoiseLevel::new(&config.noise) }
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
    fn rank(&self, data: usize) -> usize {
        let narrowest = self.latent_width(data).min(data);
        self.hidden.iter().fold(narrowest, |narrowest, width| narrowest.min(*width))
    }
    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let numbers = self.options(dimensions.latent, dimensions.data).numbers();
        let widest = self.hidden.iter().copied().fold(0, usize::max);
        let option = if self.latent > widest { "latent" } else { "hidden" };
        Some(Size::of_network(numbers, dimensions.batch, option))
    }
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError> {
        Ok(Box::new(MlpGenerator::new(geometry, self, random)))
    }
}

impl GeneratorNetwork for Network {
    fn apply_to(&self, rows: Matrix<SharedTape>, primal: usize, tape: &SharedTape) -> Matrix<SharedTape> {
        self.apply(rows, primal, tape)
    }
    fn facts(&self) -> GeneratorFacts {
        Network::facts(self)
    }
}

register_generator!(
    MlpGeneratorConfig,
    name: "mlp",
    summary: "multi-layer perceptron, optionally with batch-norm and output noise",
    reference: "Geng et al., NeurIPS 2021, toy experiments",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_at_most_the_width_of_the_narrowest_layer() {
        let rank = |latent, hidden: &[usize], data| {
            MlpGeneratorConfig { latent, hidden: hidden.to_vec(), ..Default::default() }.rank(data)
        };
        // As many latents as data, in wide and in narrow layers; few latents; no layers.
        let found = [rank(0, &[64, 64], 40), rank(0, &[64, 32], 40), rank(3, &[8], 40), rank(9, &[], 4)];
        assert_eq!(found, [40, 32, 3, 4]);
    }

    #[test]
    fn the_size_names_the_option_that_it_is_due_to() {
        let of = |latent, hidden: &[usize]| {
            let config = MlpGeneratorConfig { latent, hidden: hidden.to_vec(), ..Default::default() };
            let dimensions = Dimensions { latent: config.latent_width(4), data: 4, batch: 10 };
            config.size(dimensions).unwrap()
        };
        // Weights and biases; inputs of both layers, and the slopes between them.
        assert_eq!(of(0, &[8]), Size::of_network([5.0 * 8.0 + 9.0 * 4.0, 4.0 + 8.0 + 8.0], 10, "hidden"));
        assert_eq!(of(usize::MAX, &[8]).parameters.option, "latent");
    }
}
