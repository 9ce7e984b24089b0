//! Why training ended early, with an error.

use thiserror::Error;

use super::observer::ObserverError;
use crate::error::{BoundError, ConfigError};

/// Training cannot start or go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A term is not finite. The update was not applied: the models are in the last good state.
    #[error("step {step}: {term} is {value}. The update was not applied: the models are as before it. {advice}")]
    NonFinite {
        /// The iteration, counted from 1.
        step: u64,
        /// Which term.
        term: String,
        /// Its value: NaN or an infinity.
        value: f64,
        /// What to try.
        advice: String,
    },
    /// A bound cannot be used with these models.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// An option does not fit the problem.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An observer failed (a log or picture that could not be written).
    #[error("{0}")]
    Observer(ObserverError),
}
