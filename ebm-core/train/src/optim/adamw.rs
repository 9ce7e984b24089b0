use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::adam::AdamConfig;
use super::rule::{Kept, Update, UpdateRule};
use ebm_core::{buffers::native::Array, error::ConfigError, parameter::Parameter};

/// Options of AdamW (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithm 2): the update of
/// `adam`, with the defaults that are usual where weights decay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {
    /// Learning rate before the schedule's factor.
    #[default(1e-3)]
    pub learning_rate: f64,
    /// Decay of the mean of the gradient.
    #[default(0.9)]
    pub beta1: f64,
    /// Decay of the mean of the squared gradient.
    #[default(0.999)]
    pub beta2: f64,
    /// Added to the root of the mean square.
    #[default(1e-8)]
    pub epsilon: f64,
    /// Decoupled weight decay a step, times the learning rate.
    #[default(0.01)]
    pub weight_decay: f64,
    /// Largest Euclidean norm of a step's gradient; a larger one is scaled down to it. 0: no limit.
    pub clip: f64,
}

impl AdamWConfig {
    fn adam(&self) -> AdamConfig {
        let Self { learning_rate, beta1, beta2, epsilon, weight_decay, clip } = *self;
        AdamConfig { learning_rate, beta1, beta2, epsilon, weight_decay, clip }
    }
}

impl UpdateRule for AdamWConfig {
    const STATE: &'static [&'static str] = AdamConfig::STATE;

    fn check(&self) -> Result<(), ConfigError> {
        self.adam().check()
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn clip(&self) -> f64 {
        self.clip
    }

    fn apply(&self, update: &Update, gradient: &Array, kept: Kept<'_>, parameter: &mut Parameter) {
        self.adam().apply(update, gradient, kept, parameter);
    }
}

crate::register_optimizer!(
    AdamWConfig,
    name: "adamw",
    summary: "Adam with the usual defaults and decaying weights",
    reference: "Loshchilov and Hutter, \"Decoupled weight decay regularization\", ICLR 2019",
);

#[cfg(test)]
mod tests {
    use super::super::rule::tests::{keeps_its_state, near, updated};
    use super::*;

    #[test]
    fn an_update_equals_the_one_worked_out_by_hand() {
        let options = AdamWConfig { learning_rate: 0.1, weight_decay: 0.5, ..Default::default() };
        // The first step is 0.1 sign(g), and the weights keep 1 - 0.1 * 0.5 of their size: 0.95 - 0.1 and -1.9 + 0.1.
        near(&updated(options.clone(), &[[0.5, -1.0]]), [0.85, -1.8]);
        keeps_its_state(options);
    }
}
