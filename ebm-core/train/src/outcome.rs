use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether training goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Flow {
    /// Go on.
    #[default]
    Continue,
    /// Stop after this iteration and a last evaluation, for the reason given.
    Stop(String),
    /// Leave after this iteration; the run continues another time.
    Interrupt,
}

impl Flow {
    pub(crate) fn merge(&mut self, other: Self) {
        // A request to leave at once does not wait for a request to stop.
        if *self == Self::Continue || other == Self::Interrupt {
            *self = other;
        }
    }
}

/// The reason why training stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StopReason {
    /// All steps were done.
    Completed,
    /// The time limit was reached.
    TimeLimit,
    /// The watched metric no longer improved.
    NoImprovement {
        /// The metric.
        metric: String,
        /// Its best value.
        best: f64,
        /// The step of the best value.
        step: u64,
    },
    /// An observer asked to leave at once, without a last evaluation.
    Interrupted,
    /// An observer asked for it.
    Requested(String),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Completed => f.write_str("all steps done"),
            Self::TimeLimit => f.write_str("time limit reached"),
            Self::NoImprovement { metric, best, step } => {
                write!(f, "{metric} has not improved since step {step} ({best:.4})")
            }
            Self::Interrupted => f.write_str("interrupted"),
            Self::Requested(reason) => f.write_str(reason),
        }
    }
}

/// The outcome of a training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// Iterations done.
    pub steps: u64,
    /// The reason why it stopped there.
    pub reason: StopReason,
}
