//! Why training ended early, with an error.

use thiserror::Error;

use super::observer::ObserverError;
use crate::data::DataError;
use crate::error::{BoundError, ConfigError};

/// Training cannot start or go on.
///
/// ```
/// use ebm_core::error::ConfigError;
/// use ebm_core::trainer::TrainError;
///
/// let error: TrainError = ConfigError::new("train.batch", 1, "at least 2").into();
/// assert_eq!(error.to_string(), "train.batch = 1: expected at least 2");
/// let error = TrainError::NonFinite {
///     step: 7,
///     term: "the energy's loss".into(),
///     value: f64::NAN,
///     restored: 5,
///     advice: "Lower the learning rate.".into(),
/// };
/// assert!(error.to_string().starts_with("step 7: the energy's loss is NaN. The models are again those after step 5"));
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A term is not finite. The models were put back to the last state that all terms were finite in.
    #[error("step {step}: {term} is {value}. The models are again {}. {advice}", state_after(*restored))]
    NonFinite {
        /// The iteration, counted from 1.
        step: u64,
        /// Which term.
        term: String,
        /// Its value: NaN or an infinity.
        value: f64,
        /// The iteration whose models are in place again; 0 for the initial ones.
        restored: u64,
        /// What to try.
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
    /// An observer failed (a log or picture that could not be written).
    #[error("{0}")]
    Observer(ObserverError),
}

fn state_after(step: u64) -> String {
    match step {
        0 => "the initial ones: no later ones were seen to give finite values".into(),
        _ => format!("those after step {step}, the last ones seen to give finite values"),
    }
}
