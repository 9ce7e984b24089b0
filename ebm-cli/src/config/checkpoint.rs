//! Options of checkpoints.

use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the state of a run is saved, and what is kept. It is saved at its end and when it is asked to stop, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointConfig {
    /// Seconds of training between two checkpoints. 0: not by time.
    pub seconds: f64,
    /// Iterations between two checkpoints. 0: not by iterations.
    pub every: u64,
    /// Checkpoints that are kept, the last ones.
    pub keep: usize,
    /// A metric of the evaluations, such as `nll`, smaller being better: a checkpoint is made when it improves, and the best
    /// one is kept beside the last ones. Empty: none.
    pub best: String,
}

impl Default for CheckpointConfig {
    fn default() -> Self {
        Self {
            seconds: 60.0,
            every: 0,
            keep: 2,
            best: String::new(),
        }
    }
}

impl CheckpointConfig {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("seconds", self.seconds)?;
        ConfigError::require(self.keep > 0, "keep", self.keep, "a number > 0")
    }

    /// Whether checkpoints are made while training goes on.
    pub fn is_on(&self) -> bool {
        self.seconds > 0.0 || self.every > 0
    }
}
