//! What is written beside the metrics.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What `ebm train` writes beside the metrics. It changes nothing about the training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// Whether event files for TensorBoard are written, into the folder `tensorboard` of the run.
    pub tensorboard: bool,
}
