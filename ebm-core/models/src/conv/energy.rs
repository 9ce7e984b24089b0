//! A stack of layers as energy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layer_config::LayerConfig;
use super::{Preset, Stack, StackOptions};
use crate::mlp::{TimeConfig, TimeEmbedding};
use crate::of_network::{EnergyNetwork, NetworkEnergy};
use ebm_core::device::{Matrix, Real};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::kernels::Extent;
use ebm_core::kernels::scale::scale;
use ebm_core::models::Energy;
use ebm_core::network::{Init, Network, NetworkOptions, check_gain};
use ebm_core::parameter::{Module, Parameter};
use ebm_core::random::Random;
use ebm_core::register_energy;
use ebm_core::registry::EnergySpec;
use ebm_core::tape::{Parts, SharedTape};

/// Layers from images `[height, width, channels]` to energies, E(x) = layers(x) + confinement/2 ||x||^2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    pub init_gain: f64,
}

impl Default for ConvEnergyConfig {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            image: Vec::new(),
            layers: Vec::new(),
            time: TimeConfig::default(),
            confinement: 0.0,
            spectral_norm: false,
            output_scale: false,
            init: Init::Uniform,
            init_gain: 1.0,
        }
    }
}

impl ConvEnergyConfig {
    fn chosen(&self) -> Vec<LayerConfig> {
        match self.layers.is_empty() {
            true => self.preset.energy(),
            false => self.layers.clone(),
        }
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

    fn options<'a>(&self, layers: &'a [LayerConfig]) -> Result<StackOptions<'a>, ConfigError> {
        let options = StackOptions {
            layers,
            inputs: self.image()?,
            init: self.init,
            gain: self.init_gain,
            spectral_norm: self.spectral_norm,
            part: Parts::ENERGY,
        };
        let outputs = options.outputs()?;
        ConfigError::require(
            outputs.len() == 1,
            "layers",
            format!("layers that end with {outputs}"),
            "one value an image, such as { linear = { to = [1] } } makes",
        )?;
        Ok(options)
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
        let layers = config.chosen();
        let options = config.options(&layers)?;
        let (inputs, wide) = (options.inputs, geometry.data_width());
        ConfigError::require(
            inputs.len() == wide,
            "image",
            format!("{inputs}, {} values", inputs.len()),
            &format!("an image of the data's {wide} values"),
        )?;
        let stack = Stack::new(&options, random)?;
        let time = match config.time {
            TimeConfig::Embedded(embedding) => {
                let options = NetworkOptions {
                    prefix: "time.channels.",
                    ..NetworkOptions::plain(embedding.width, &[], stack.first_channels(), Parts::ENERGY)
                };
                Some(TimeShift {
                    embedding: TimeEmbedding::new(embedding, random),
                    channels: Network::new(&options, random.stream("time-channels")),
                })
            }
            TimeConfig::Auto | TimeConfig::Static => None,
        };
        Ok(Self {
            geometry,
            network: TimedStack {
                stack,
                time,
                factor: config.output_scale.then(|| Parameter::trained("output_scale", vec![1], vec![1.0])),
            },
            confinement: config.confinement,
        })
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

impl Module for TimedStack {
    fn parameters(&self) -> Vec<&Parameter> {
        let mut all = self.stack.parameters();
        if let Some(time) = &self.time {
            all.extend(time.embedding.parameters());
            all.extend(time.channels.parameters());
        }
        all.extend(&self.factor);
        all
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all = self.stack.parameters_mut();
        if let Some(time) = &mut self.time {
            all.extend(time.embedding.parameters_mut());
            all.extend(time.channels.parameters_mut());
        }
        all.extend(&mut self.factor);
        all
    }
    fn commit(&mut self) {
        self.stack.commit();
    }
}

impl EnergyNetwork for TimedStack {
    fn apply_at(
        &self,
        rows: Matrix<SharedTape>,
        times: &[Real],
        rates: &[Real],
        primal: usize,
        tape: &SharedTape,
    ) -> Matrix<SharedTape> {
        let shift = self.time.as_ref().map(|time| {
            let embedded = time.embedding.apply(times, rates, tape);
            time.channels.apply(embedded, times.len(), tape)
        });
        let y = self.stack.apply_with(rows, shift, primal, tape);
        match &self.factor {
            Some(factor) => scale(y, factor.tensor(), tape.trains(Parts::ENERGY)),
            None => y,
        }
    }
    fn is_timed(&self) -> bool {
        self.time.is_some()
    }
}

impl EnergySpec for ConvEnergyConfig {
    fn check(&self) -> Result<(), ConfigError> {
        self.options(&self.chosen())?;
        check_gain(self.init_gain)?;
        ConfigError::require_not_negative("confinement", self.confinement)?;
        match self.time {
            TimeConfig::Embedded(embedding) => embedding.check(),
            TimeConfig::Auto | TimeConfig::Static => Ok(()),
        }
    }
    fn timed(&self) -> Result<Self, ConfigError> {
        let time = self.time.embedded()?;
        Ok(Self { time, ..self.clone() })
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
