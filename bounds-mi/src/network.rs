//! Options of the bound's own networks.

use ebm_core::error::ConfigError;
use ebm_core::kernels::Activation;
use ebm_core::models::mlp::{Init, Network, NetworkOptions, check_gain, check_widths};
use ebm_core::random::Random;
use ebm_core::tape::Parts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A multi-layer perceptron.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Widths of the hidden layers; `[]`: an affine map.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// How the weights start.
    pub init: Init,
    /// Factor of the initial weights.
    pub init_gain: f64,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            hidden: vec![128, 128],
            activation: Activation::Silu,
            init: Init::Uniform,
            init_gain: 1.0,
        }
    }
}

impl NetworkConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        check_widths(&self.hidden)?;
        check_gain(self.init_gain)
    }

    /// The network; the names of its parameters start with `prefix`.
    pub(crate) fn build(&self, inputs: usize, outputs: usize, prefix: &str, random: Random) -> Network {
        let options = NetworkOptions {
            activation: self.activation,
            init: self.init,
            gain: self.init_gain,
            prefix,
            ..NetworkOptions::plain(inputs, &self.hidden, outputs, Parts::LOWER)
        };
        Network::new(&options, random)
    }
}
