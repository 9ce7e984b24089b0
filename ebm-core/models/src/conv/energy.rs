use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::layer_config::LayerConfig;
use super::{Preset, Stack, lipschitz, shape};
use crate::mlp::{TimeConfig, TimeEmbedding};
use crate::of_network::{EnergyNetwork, NetworkEnergy, Times, check_lipschitz};
use ebm_core::device::{Matrix, Real};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Extent;
use ebm_core::kernels::scale::scale;
use ebm_core::models::Energy;
use ebm_core::network::{Init, Network, NetworkOptions, Start, check_gain};
use ebm_core::parameter::Parameter;
use ebm_core::random::Random;
use ebm_core::registry::{Dimensions, EnergySpec, Size};
use ebm_core::tape::{Parts, SharedTape};
use ebm_core::{module, register_energy};

/// Layers from images `[height, width, channels]` to energies, E(x) = layers(x) + confinement/2 ||x||^2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct ConvEnergyConfig {
    /// The layers of a known net, unless `layers` lists others.
    pub preset: Preset,
    /// Height, width and channels of the data, where `layers` are listed; the preset's otherwise.
    pub image: Vec<usize>,
    /// The layers from the image to one value, each a table with one key: linear, conv, conv_transpose, batch_norm,
    /// activation, up_sample, average_pool, sum_pool or residual.
    pub layers: Vec<LayerConfig>,
    /// Whether the energy depends on a diffusion time t, E(x, t); the energy itself is E(x, 0).
    pub time: TimeConfig,
    /// Weight kappa of the confinement kappa/2 ||x||^2. Above 0 the energy is normalisable, since the layers grow at most
    /// linearly.
    pub confinement: f64,
    /// Divide the weights of every layer, as a matrix of outputs and inputs, by its largest singular value.
    pub spectral_norm: bool,
    /// Multiply the output of the layers by one learned number.
    pub output_scale: bool,
    /// A Lipschitz constant c of the layers, in nats per unit of x: |f(x) - f(y)| <= c ||x - y||, at every time. 0: none. It implies
    /// spectral norm, and multiplies the output by c / L, where L is the constant that spectral norm alone leaves: the product of
    /// ceil(kernel / stride) of every convolution, whose norm may exceed that of its weights as a matrix by so much, of the largest slope
    /// of every activation, of the factor of every up_sample, of the sum of both branches of every residual block, and so on. c = L is
    /// spectral norm without an output scale. It holds as far as the power iteration, one step an update, follows the weights. The
    /// confinement, whose slope grows with ||x||, comes on top.
    pub lipschitz: f64,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    #[default(1.0)]
    pub init_gain: f64,
}

impl ConvEnergyConfig {
    fn chosen(&self) -> Vec<LayerConfig> {
        if self.layers.is_empty() { self.preset.energy() } else { self.layers.clone() }
    }

    fn image(&self) -> Result<Extent, ConfigError> {
        let known = self.layers.is_empty().then(|| self.preset.image());
        let product = self.image.iter().try_fold(1usize, |n, side| n.checked_mul(*side));
        let small = product.is_some_and(|n| (1..=1 << 28).contains(&n));
        match (&self.image[..], known) {
            ([], Some(image)) => Ok(image),
            (&[height, width, channels], _) if small => {
                let image = Extent::new(height, width, channels);
                let fits = known.is_none_or(|known| known == image);
                let expected = format!("{} for this preset", self.preset.image());
                ConfigError::require(fits, "image", format!("{:?}", self.image), &expected)?;
                Ok(image)
            }
            _ => Err(ConfigError::new(
                "image",
                format!("{:?}", self.image),
                "[height, width, channels] of the data, none of them 0",
            )),
        }
    }

    /// The layers that are asked for, and the size of their input.
    fn fitted(&self) -> Result<(Vec<LayerConfig>, Extent), ConfigError> {
        let (layers, image) = (self.chosen(), self.image()?);
        let outputs = shape::after_all(&layers, image, "layers")?;
        ConfigError::require(
            outputs.len() == 1,
            "layers",
            format!("layers that end with {outputs}"),
            "one value an image, such as { linear = { to = [1] } } makes",
        )?;
        Ok((layers, image))
    }
}

/// The energy that [`ConvEnergyConfig`] describes.
pub type ConvEnergy<G> = NetworkEnergy<G, TimedStack>;

impl<G: Geometry> NetworkEnergy<G, TimedStack> {
    /// An energy with weights drawn from `random`.
    ///
    /// # Errors
    /// If the layers do not fit together, do not end with one value, or do not start with as many as the data has.
    pub fn new(geometry: G, config: &ConvEnergyConfig, random: Random) -> Result<Self, ConfigError> {
        let ((layers, image), wide) = (config.fitted()?, geometry.data_width());
        ConfigError::require(
            image.len() == wide,
            "image",
            format!("{image}, {} values", image.len()),
            &format!("an image of the data's {wide} values"),
        )?;
        let limited = config.lipschitz > 0.0;
        let start = Start {
            init: config.init,
            gain: config.init_gain,
            spectral_norm: config.spectral_norm || limited,
            settled: limited,
        };
        let stack = Stack::new(&layers, image, start, Parts::ENERGY, random)?;
        let time = config.time.embedding().map(|embedding| {
            let options = NetworkOptions {
                prefix: "time.channels.",
                ..NetworkOptions::plain(embedding.width, &[], stack.first_channels(), Parts::ENERGY)
            };
            TimeShift {
                embedding: TimeEmbedding::new(embedding, random),
                channels: Network::new(&options, random.stream("time-channels")),
            }
        });
        let factor = match config.lipschitz {
            limit if limit > 0.0 => {
                let own = lipschitz::constant(&layers, image, "layers")?;
                Some(Parameter::fixed("output_scale", vec![1], vec![(limit / own) as Real]))
            }
            _ => config.output_scale.then(|| Parameter::trained("output_scale", vec![1], vec![1.0])),
        };
        let convolution = config.time.convolution();
        Ok(Self { geometry, network: TimedStack { stack, time, factor }, confinement: config.confinement, convolution })
    }
}

/// A stack, the time for the channels of its first layer, and a factor of its output.
pub struct TimedStack {
    stack: Stack,
    time: Option<TimeShift>,
    factor: Option<Parameter>,
}

/// An embedding of the time, and its linear image for the first layer's channels.
struct TimeShift {
    embedding: TimeEmbedding,
    channels: Network,
}

module!([] TimeShift: embedding, channels);
module!([] TimedStack: stack, time, factor);

impl EnergyNetwork for TimedStack {
    fn apply_at(
        &self,
        x: Matrix<SharedTape>,
        times: Times<'_>,
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let shift = self.time.as_ref().map(|time| {
            let embedded = time.embedding.apply(times, tape);
            time.channels.apply(embedded, times.at.len(), tape)
        });
        let y = self.stack.apply(x, shift, primal, tape);
        match &self.factor {
            Some(factor) => scale(y, factor.tensor(), tape.trains(Parts::ENERGY) && factor.is_trained()),
            None => y,
        }
    }
    fn is_timed(&self) -> bool {
        self.time.is_some()
    }
}

impl EnergySpec for ConvEnergyConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let (layers, image) = self.fitted()?;
        if check_lipschitz(self.lipschitz, self.output_scale)? {
            lipschitz::constant(&layers, image, "layers")?;
        }
        check_gain(self.init_gain)?;
        ConfigError::require_not_negative("confinement", self.confinement)?;
        self.time.check()
    }
    fn timed(&self) -> Result<Self, ConfigError> {
        Ok(Self { time: self.time.embedded()?, ..self.clone() })
    }
    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let (layers, image) = self.fitted().ok()?;
        let option = if self.layers.is_empty() { "preset" } else { "layers" };
        Some(Size::of_network(shape::numbers(&layers, image), dimensions.batch, option))
    }
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Energy<G>>, ConfigError> {
        Ok(Box::new(ConvEnergy::new(geometry, self, random)?))
    }
}

register_energy!(
    ConvEnergyConfig,
    name: "conv",
    summary: "images to energies by convolutions: DCGAN and other nets by name, or any stack of layers",
    reference: "Radford et al., ICLR 2016; residual blocks: Miyato et al., ICLR 2018",
);
