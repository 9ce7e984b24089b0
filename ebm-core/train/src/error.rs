use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cancel::Cancelled;
use crate::process_group::ProcessGroupError;
use ebm_core::data::DataError;
use ebm_core::error::{BoundError, ConfigError};

/// An error of an observer; it ends the run.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// Training cannot start or continue.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A term is not finite. The models were put back to the last state in which all terms were finite.
    #[error("step {step}: {term} is {value}. The models are again {}. {advice}", state_after(*restored))]
    NonFinite {
        /// The iteration, counted from 1.
        step: u64,
        /// The name of the term.
        term: String,
        /// Its value: NaN or an infinity.
        value: f64,
        /// The iteration whose models are in place again; 0 for the initial ones.
        restored: u64,
        /// Advice on how to avoid it.
        advice: String,
    },
    /// A bound cannot be used with these models.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// An option does not fit the problem.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data cannot be read any longer.
    #[error(transparent)]
    Data(#[from] DataError),
    /// It was asked to end during an evaluation, see [`Trainer::set_cancel`](crate::Trainer::set_cancel).
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// An observer failed (a log or picture that could not be written).
    #[error("{0}")]
    Observer(ObserverError),
    /// Another of the processes that train together failed, so none can continue.
    #[error("process {} of {ranks}: {message}", rank + 1)]
    Elsewhere {
        /// The process, counted from 0.
        rank: usize,
        /// Number of processes.
        ranks: usize,
        /// The kind of the error there.
        origin: Origin,
        /// The message of the error.
        message: String,
    },
    /// The processes that train together no longer have the same models.
    #[error(
        "step {step}: process {} of {ranks} has other weights than process 1: all must run the same program, on processors of \
         one kind, which round alike",
        rank + 1
    )]
    Drift {
        /// The iteration, counted from 1.
        step: u64,
        /// The first process that differs, counted from 0.
        rank: usize,
        /// Number of processes.
        ranks: usize,
    },
    /// The processes that train together cannot reach each other.
    #[error(transparent)]
    ProcessGroup(#[from] ProcessGroupError),
}

/// The kind of an error that another process met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// [`TrainError::Bound`]
    Bound,
    /// [`TrainError::Config`]
    Config,
    /// [`TrainError::Data`]
    Data,
    /// [`TrainError::Observer`]
    Observer,
    /// Any other error.
    Other,
}

impl Origin {
    /// The kind of an error, whichever process met it.
    pub fn of(error: &TrainError) -> Self {
        match error {
            TrainError::Bound(_) => Self::Bound,
            TrainError::Config(_) => Self::Config,
            TrainError::Data(_) => Self::Data,
            TrainError::Observer(_) => Self::Observer,
            TrainError::Elsewhere { origin, .. } => *origin,
            _ => Self::Other,
        }
    }
}

fn state_after(step: u64) -> String {
    match step {
        0 => "the initial ones: no later ones were seen to give finite values".into(),
        _ => format!("those after step {step}, the last ones seen to give finite values"),
    }
}
