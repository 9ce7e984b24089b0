use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use std::fmt;

use ebm_core::error::ConfigError;

/// The policy for a term that is NaN or infinite. The offending update is never applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NonFinitePolicy {
    /// The run ends with the last models that were seen to give finite terms.
    #[default]
    Stop,
    /// The iteration is left out, and the next one draws other samples.
    Skip(SkipConfig),
    /// Training goes back to an earlier state, and on from there with other random numbers.
    Rollback(RollbackConfig),
}

/// Leaving iterations out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct SkipConfig {
    /// Iterations left out in a row after which the run ends.
    #[default(10)]
    pub limit: u64,
}

/// Going back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct RollbackConfig {
    /// How often the run goes back before it ends.
    #[default(3)]
    pub limit: u64,
    /// Iterations between two states that it can go back to: the last multiple of this many.
    #[default(1000)]
    pub every: u64,
}

impl NonFinitePolicy {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let positive = |key: &str, value: u64| ConfigError::require(value > 0, key, value, "a number > 0");
        match self {
            Self::Stop => Ok(()),
            Self::Skip(skip) => positive("skip.limit", skip.limit),
            Self::Rollback(rollback) => {
                positive("rollback.limit", rollback.limit)?;
                positive("rollback.every", rollback.every)
            }
        }
    }
}

/// A term that was not finite, and the remedy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The iteration, counted from 1.
    pub step: u64,
    /// The name of the term, and its value.
    pub reason: String,
    /// The remedy.
    pub remedy: Remedy,
}

/// The remedy for a term that was not finite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Remedy {
    /// The iteration was left out.
    Skipped {
        /// Iterations left out in a row, this one included.
        in_a_row: u64,
    },
    /// Training went back.
    RolledBack {
        /// Iterations done in the state that training went back to.
        to: u64,
        /// Number of times training went back in this run, this one included.
        times: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}; ", self.step, self.reason)?;
        match self.remedy {
            Remedy::Skipped { in_a_row: 1 } => f.write_str("the iteration is left out"),
            Remedy::Skipped { in_a_row } => write!(f, "the iteration is left out, {in_a_row} in a row"),
            Remedy::RolledBack { to, times } => {
                write!(f, "training goes on from step {to} with other random numbers (time {times} in this run)")
            }
        }
    }
}
