//! The optimiser of the bound's own network: the options of Adam with defaults of their own.

use ebm_core::optimizer::AdamConfig;
use serde::{Deserialize, Serialize};

/// The bound's network fits a target that moves slowly, so momentum helps it where it harms the players of the game.
pub(crate) fn defaults() -> AdamConfig {
    AdamConfig {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        ..AdamConfig::default()
    }
}

/// Reads and writes [`AdamConfig`]; what is left out has the value of [`defaults`], not Adam's own.
#[derive(Serialize, Deserialize)]
#[serde(remote = "AdamConfig", deny_unknown_fields, default = "defaults")]
pub(crate) struct Optimizer {
    learning_rate: f64,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    clip: f64,
}
