//! Everything that determines a run.

use ebm_core::error::ConfigError;
use ebm_core::registry::{DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};
use ebm_core::trainer::TrainConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that determines a run: two runs of one configuration on one machine are equal, bit for bit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Seed of every random number of the run.
    pub seed: u64,
    /// The data set.
    pub data: Box<dyn DatasetConfig>,
    /// The generator.
    pub generator: Box<dyn GeneratorConfig>,
    /// The energy.
    pub energy: Box<dyn EnergyConfig>,
    /// The lower bound.
    pub lower: Box<dyn LowerBoundConfig>,
    /// The upper bound.
    pub upper: Box<dyn UpperBoundConfig>,
    /// The training loop.
    pub train: TrainConfig,
    /// What is measured, during training and at its end.
    pub evaluate: EvaluateConfig,
}

/// What is measured, during training and at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateConfig {
    /// Generated samples of the final evaluation.
    pub samples: usize,
    /// Held-out samples of the final evaluation; a finite data set gives what it has if that is fewer.
    pub held_out: usize,
    /// Generated and held-out samples of each evaluation during training.
    pub samples_in_training: usize,
}

impl Default for EvaluateConfig {
    fn default() -> Self {
        Self { samples: 10_000, held_out: 10_000, samples_in_training: 2_000 }
    }
}

impl EvaluateConfig {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let enough = "at least 2: a standard error needs two samples";
        for (key, value) in [
            ("samples", self.samples),
            ("held_out", self.held_out),
            ("samples_in_training", self.samples_in_training),
        ] {
            ConfigError::require(value >= 2, key, value, enough)?;
        }
        Ok(())
    }
}
