use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::{Init, Network, NetworkOptions, check_gain, check_widths};
use crate::device::Real;
use crate::error::ConfigError;
use crate::kernels::Activation;
use crate::parameter::Module;
use crate::random::Random;
use crate::tape::Parts;

/// Factor of the output layer's initial weights.
///
/// Outputs close to 0 know nothing: a critic of 0 has a finite value for every estimator, an encoder of 0 is the latents'
/// own N(0, I), where the mutual information is bounded by 0. Random log-variances would start thousands of nats below.
const OUTPUT_START: Real = 0.01;

/// A multi-layer perceptron, whose outputs start close to 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Widths of the hidden layers; `[]`: an affine map.
    #[default(vec![128, 128])]
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// How the weights start, but for the output layer's, which are close to 0.
    pub init: Init,
    /// Factor of the initial weights.
    #[default(1.0)]
    pub init_gain: f64,
}

impl NetworkConfig {
    /// Refuses options that cannot be used, by their keys.
    pub fn check(&self) -> Result<(), ConfigError> {
        check_widths(&self.hidden)?;
        check_gain(self.init_gain)
    }

    /// The numbers of the network of a lower bound, as [`NetworkOptions::numbers`] has them.
    pub fn numbers(&self, inputs: usize, outputs: usize) -> [f64; 2] {
        let plain = NetworkOptions::plain(inputs, &self.hidden, outputs, Parts::LOWER);
        NetworkOptions { activation: self.activation, ..plain }.numbers()
    }

    /// The network of a lower bound; the names of its parameters start with `prefix`.
    pub fn build(&self, inputs: usize, outputs: usize, prefix: &str, random: Random) -> Network {
        let options = NetworkOptions {
            activation: self.activation,
            init: self.init,
            gain: self.init_gain,
            prefix,
            ..NetworkOptions::plain(inputs, &self.hidden, outputs, Parts::LOWER)
        };
        let mut network = Network::new(&options, random);
        if let [.., weight, bias] = &mut network.parameters_mut()[..] {
            let small: Vec<Real> = weight.values().iter().map(|w| OUTPUT_START * w).collect();
            weight.set(&small);
            bias.set(&vec![0.0; outputs]);
        }
        network
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::values;
    use crate::tape::SharedTape;
    use crate::tensor::tensor;

    #[test]
    fn outputs_start_close_to_zero() {
        for activation in [Activation::Silu, Activation::Prelu, Activation::Tanh] {
            let config = NetworkConfig { activation, init: Init::Kaiming, ..Default::default() };
            let network = config.build(3, 4, "n.", Random::new(1));
            let rows = tensor(Random::new(2).normals(30), (10, 3));
            let outputs = values(&network.apply(SharedTape::off().watch(&rows), 10, &SharedTape::off()));
            assert!(outputs.iter().all(|y| y.abs() < 0.1), "{activation:?}: {outputs:?}");
            assert!(outputs.iter().any(|y| *y != 0.0), "{activation:?}: or nothing is learned");
        }
    }
}
