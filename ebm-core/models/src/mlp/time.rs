//! The diffusion time as an input of a network.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use ebm_core::buffers;
use ebm_core::device::{Matrix, Real};
use ebm_core::error::ConfigError;
use ebm_core::kernels::Activation;
use ebm_core::kernels::fourier::fourier;
use ebm_core::parameter::{Module, Parameter};
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
}

impl TimeConfig {
    /// The same with an embedding, for a bound that needs one.
    ///
    /// # Errors
    /// If the energy shall not depend on time.
    pub(crate) fn embedded(self) -> Result<Self, ConfigError> {
        match self {
            Self::Auto => Ok(Self::Embedded(EmbeddingConfig::default())),
            Self::Embedded(_) => Ok(self),
            Self::Static => Err(ConfigError::new("time", "static", "\"auto\" or an embedding of the time")),
        }
    }
}

/// The sinusoidal embedding of a diffusion time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingConfig {
    /// Number of sines and cosines together.
    pub count: usize,
    /// Width of the layer between the embedding and the network.
    pub width: usize,
    /// Largest angular frequency, in radians per unit of t; the frequencies fall from it to 1 in equal ratios.
    pub max_frequency: f64,
}

impl Default for EmbeddingConfig {
    fn default() -> Self {
        Self { count: 16, width: 32, max_frequency: 100.0 }
    }
}

impl EmbeddingConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(
            self.count >= 2 && self.count.is_multiple_of(2) && self.count <= 1024,
            "time.embedded.count",
            self.count,
            "an even number from 2 to 1024",
        )?;
        ConfigError::require(
            (1..=65_536).contains(&self.width),
            "time.embedded.width",
            self.width,
            "a width between 1 and 65536",
        )?;
        ConfigError::require(
            self.max_frequency >= 1.0 && self.max_frequency.is_finite(),
            "time.embedded.max_frequency",
            self.max_frequency,
            "a finite number >= 1",
        )
    }
}

/// `t -> phi(W [t, sin(w t), cos(w t)] + b)`, as columns that join the input of another network's first layer.
///
/// Joining columns adds a linear image of them to that layer's output, before its activation.
pub(crate) struct TimeEmbedding {
    frequencies: Parameter,
    layer: Network,
}

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
    pub fn apply(&self, times: &[Real], rates: &[Real], tape: &SharedTape) -> Matrix<SharedTape> {
        use dfdx::prelude::PutTape;
        let rows = times.len() + rates.len();
        let t: Matrix = buffers::tensor([times, rates].concat(), (rows, 1));
        let features = fourier(t.put_tape(tape.clone()), times.len(), self.frequencies.tensor());
        self.layer.apply(features, times.len(), tape)
    }
}

impl Module for TimeEmbedding {
    fn parameters(&self) -> Vec<&Parameter> {
        let mut all = vec![&self.frequencies];
        all.extend(self.layer.parameters());
        all
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        let mut all = vec![&mut self.frequencies];
        all.extend(self.layer.parameters_mut());
        all
    }
}
