use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::convolution::ConvolutionConfig;
use crate::of_network::Times;
use ebm_core::buffers;
use ebm_core::device::{Matrix, Real};
use ebm_core::error::ConfigError;
use ebm_core::kernels::Activation;
use ebm_core::kernels::enclosure::Enclosure;
use ebm_core::kernels::fourier::fourier;
use ebm_core::module;
use ebm_core::parameter::Parameter;
use ebm_core::random::Random;
use ebm_core::tape::{Parts, SharedTape};

use ebm_core::network::{Network, NetworkOptions};

/// Whether an energy depends on a diffusion time t.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TimeConfig {
    /// It does if the upper bound needs it.
    #[default]
    Auto,
    /// It does not.
    Static,
    /// It does: a sinusoidal embedding of t joins the input of the first layer.
    Embedded(EmbeddingConfig),
    /// It does: E(., t) is the convolution of the energy with the noise of a diffusion process, by sampling.
    Convolution(ConvolutionConfig),
}

impl TimeConfig {
    /// The same with an embedding, for a bound that needs one; an error if the energy shall not depend on time.
    pub(crate) fn embedded(self) -> Result<Self, ConfigError> {
        match self {
            Self::Auto => Ok(Self::Embedded(EmbeddingConfig::default())),
            Self::Embedded(_) | Self::Convolution(_) => Ok(self),
            Self::Static => Err(ConfigError::new("time", "static", "\"auto\" or an embedding of the time")),
        }
    }

    /// The embedding, if there is one.
    pub(crate) fn embedding(self) -> Option<EmbeddingConfig> {
        match self {
            Self::Embedded(embedding) => Some(embedding),
            Self::Auto | Self::Static | Self::Convolution(_) => None,
        }
    }

    /// The convolution, if it is one.
    pub(crate) fn convolution(self) -> Option<ConvolutionConfig> {
        if let Self::Convolution(convolution) = self { Some(convolution) } else { None }
    }

    /// Refuses an embedding that cannot be built.
    pub(crate) fn check(self) -> Result<(), ConfigError> {
        if let Some(convolution) = self.convolution() {
            return convolution.check();
        }
        let Some(EmbeddingConfig { count, width, max_frequency }) = self.embedding() else {
            return Ok(());
        };
        let even = (2..=1024).contains(&count) && count.is_multiple_of(2);
        ConfigError::require(even, "time.embedded.count", count, "an even number from 2 to 1024")?;
        ConfigError::require_within("time.embedded.width", width, 1..=65_536)?;
        let fast = max_frequency >= 1.0 && max_frequency.is_finite();
        ConfigError::require(fast, "time.embedded.max_frequency", max_frequency, "a finite number >= 1")
    }
}

/// The sinusoidal embedding of a diffusion time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingConfig {
    /// Number of sines and cosines together.
    #[default(16)]
    pub count: usize,
    /// Width of the layer between the embedding and the network.
    #[default(32)]
    pub width: usize,
    /// Largest angular frequency, in radians per unit of t; the frequencies fall from it to 1 in equal ratios.
    #[default(100.0)]
    pub max_frequency: f64,
}

/// `t -> phi(W [t, sin(w t), cos(w t)] + b)`, as columns that join the input of another network's first layer.
///
/// Joining columns adds a linear image of them to that layer's output, before its activation.
pub(crate) struct TimeEmbedding {
    frequencies: Parameter,
    layer: Network,
}

module!([] TimeEmbedding: frequencies, layer);

impl TimeEmbedding {
    pub fn new(config: EmbeddingConfig, random: Random) -> Self {
        let count = config.count / 2;
        let ratio = |k: usize| 1.0 - k as f64 / count.saturating_sub(1).max(1) as f64;
        let frequencies = (0..count).map(|k| config.max_frequency.powf(ratio(k)) as Real);
        let options = NetworkOptions {
            output_activation: Activation::Silu,
            prefix: "time.",
            ..NetworkOptions::plain(1 + config.count, &[], config.width, Parts::ENERGY)
        };
        Self {
            frequencies: Parameter::fixed("time.frequencies", vec![count, 1], frequencies.collect()),
            layer: Network::new(&options, random.stream("time")),
        }
    }

    /// The columns `[(1+K) B, width]` for times `[B]` and their rates along K directions a sample, `[K*B]`.
    pub fn apply(&self, Times { at, rates }: Times<'_>, tape: &SharedTape) -> Matrix<SharedTape> {
        use dfdx::prelude::PutTape;
        let t: Matrix = buffers::tensor([at, rates].concat(), (at.len() + rates.len(), 1));
        let features = fourier(t.put_tape(tape.clone()), at.len(), self.frequencies.tensor());
        self.layer.apply(features, at.len(), tape)
    }

    /// The columns for time 0, over one box without axes.
    pub fn enclosed_at_zero(&self) -> Option<Enclosure> {
        // The time itself, sines of 0, and cosines.
        let count = self.frequencies.len();
        let features = [vec![0.0; 1 + count], vec![1.0; count]].concat();
        Some(self.layer.enclosed(None)?.apply(&Enclosure::constant(&features, 0, 1)))
    }
}
