//! Everything that determines a run.

use ebm_core::registry::{DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};
use ebm_train::{Components, TrainConfig};
use serde::{Deserialize, Serialize};

use super::{CheckpointConfig, LogConfig};
use ebm_eval::evaluate::EvaluateConfig;

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
    /// What is measured at the end, and by `ebm evaluate`.
    pub evaluate: EvaluateConfig,
    /// When the state is saved.
    #[serde(default)]
    pub checkpoint: CheckpointConfig,
    /// What is written beside the metrics. Runs of earlier versions do not say.
    #[serde(default)]
    pub log: LogConfig,
}

impl RunConfig {
    /// BLAKE3 of the configuration as it is written to the run directory, in hexadecimal.
    ///
    /// # Errors
    /// If it has no TOML form.
    pub fn hash(&self) -> Result<String, toml::ser::Error> {
        let text = toml::to_string(self)?;
        Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
    }

    /// What takes part in training.
    pub fn components(&self) -> Components<'_> {
        Components {
            energy: &*self.energy,
            generator: &*self.generator,
            lower: &*self.lower,
            upper: &*self.upper,
        }
    }
}
