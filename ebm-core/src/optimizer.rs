//! Options of the optimiser.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;

/// Options of Adam (Kingma and Ba, ICLR 2015; decoupled decay: Loshchilov and Hutter, ICLR 2019).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Learning rate before the schedule's factor.
    pub learning_rate: f64,
    /// Decay of the mean of the gradient.
    pub beta1: f64,
    /// Decay of the mean of the squared gradient.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub epsilon: f64,
    /// Decoupled weight decay a step, times the learning rate.
    pub weight_decay: f64,
    /// Largest Euclidean norm of a step's gradient; a larger one is scaled down to it. 0: no limit.
    pub clip: f64,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 2e-4,
            beta1: 0.0,
            beta2: 0.9,
            epsilon: 1e-6,
            weight_decay: 0.0,
            clip: 0.0,
        }
    }
}

impl AdamConfig {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let positive = |v: f64| v > 0.0 && v.is_finite();
        ConfigError::require(
            positive(self.learning_rate),
            "learning_rate",
            self.learning_rate,
            "a finite number > 0",
        )?;
        ConfigError::require(
            (0.0..1.0).contains(&self.beta1),
            "beta1",
            self.beta1,
            "a number in [0, 1)",
        )?;
        ConfigError::require(
            (0.0..1.0).contains(&self.beta2),
            "beta2",
            self.beta2,
            "a number in [0, 1)",
        )?;
        ConfigError::require(positive(self.epsilon), "epsilon", self.epsilon, "a finite number > 0")?;
        ConfigError::require_not_negative("weight_decay", self.weight_decay)?;
        ConfigError::require(
            self.clip >= 0.0 && self.clip.is_finite(),
            "clip",
            self.clip,
            "a finite number >= 0 (0: no limit)",
        )
    }
}
