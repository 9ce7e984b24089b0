//! The configuration of a run.

use ebm_core::error::ConfigError;
use ebm_core::registry::{DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};
use ebm_eval::evaluate::EvaluateConfig;
use ebm_train::{Components, TrainConfig};
use figment::value::Value;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use super::{shortened::shortened, value};

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
    /// The components that take part in training.
    pub fn components(&self) -> Components<'_> {
        Components { energy: &*self.energy, generator: &*self.generator, lower: &*self.lower, upper: &*self.upper }
    }

    /// A key with its value, as messages quote them: `train.batch = 200`. What is no key stays as it is.
    pub fn given(&self, key: &str) -> String {
        let all = Value::serialize(self).ok();
        match all.as_ref().and_then(|all| all.find_ref(key)) {
            Some(value) => format!("{key} = {}", shortened(&value::text(value))),
            None => key.into(),
        }
    }
}

/// When the state of a run is saved, and what is kept. It is saved at its end and when it is asked to stop, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Seconds of training between two checkpoints. 0: not by time.
    #[default(60.0)]
    pub seconds: f64,
    /// Iterations between two checkpoints. 0: not by iterations.
    pub every: u64,
    /// Checkpoints that are kept, the last ones.
    #[default(2)]
    pub keep: usize,
    /// A metric of the evaluations, such as `nll`: a checkpoint is made when it improves, and the best one is kept beside the
    /// last ones. Where there is no exact `nll`, `cubo_nll` stands in for it, and where too few weights carry that one, `weights_nll`.
    /// Empty: none.
    pub best: String,
}

impl CheckpointConfig {
    /// Refuses values that cannot be used.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("seconds", self.seconds)?;
        ConfigError::require(self.keep > 0, "keep", self.keep, "a number > 0")
    }

    /// Whether checkpoints are made while training goes on.
    pub fn is_on(&self) -> bool {
        self.seconds > 0.0 || self.every > 0
    }
}

/// What `ebm train` writes beside the metrics. It changes nothing about the training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Whether event files for TensorBoard are written, into the folder `tensorboard` of the run.
    pub tensorboard: bool,
}
