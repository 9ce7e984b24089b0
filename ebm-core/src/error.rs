//! The errors of this crate: typed, carrying the values and the way out.

use thiserror::Error;

/// A configuration value that cannot be used.
///
/// ```
/// use ebm_core::error::ConfigError;
///
/// let check = |margin: f64| ConfigError::require_not_negative("margin", margin).map_err(|e| e.within("upper"));
/// assert_eq!(check(1.0), Ok(()));
/// let error = check(-1.0).unwrap_err();
/// assert_eq!(error.to_string(), "upper.margin = -1: expected a finite number >= 0");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{key} = {value}: expected {expected}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The key, relative to the table it stands in.
    pub key: String,
    /// The value given, as text.
    pub value: String,
    /// What would have been accepted.
    pub expected: String,
}

impl ConfigError {
    /// A value that is not what was expected.
    pub fn new(key: impl Into<String>, value: impl ToString, expected: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.to_string(),
            expected: expected.into(),
        }
    }

    /// The same error with a table name put before the key.
    pub fn within(mut self, table: &str) -> Self {
        self.key = format!("{table}.{}", self.key);
        self
    }

    /// Ok if `good`, else this error.
    pub fn require(good: bool, key: &str, value: impl ToString, expected: &str) -> Result<(), ConfigError> {
        if good {
            Ok(())
        } else {
            Err(Self::new(key, value, expected))
        }
    }

    /// Ok if `value` is a finite number that is not negative.
    pub fn require_not_negative(key: &str, value: f64) -> Result<(), ConfigError> {
        Self::require(value >= 0.0 && value.is_finite(), key, value, "a finite number >= 0")
    }
}

/// A saved state that does not fit the model.
///
/// ```
/// use ebm_core::error::StateError;
/// use ebm_core::geometry::Fixed;
/// use ebm_core::models::closed_form::LinearGaussian;
/// use ebm_core::parameter::{Module, State};
///
/// let mut model = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let error = model.load_state(&State::new()).unwrap_err();
/// assert_eq!(error, StateError::Missing { name: "weight".into() });
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum StateError {
    /// An array the model needs is not there.
    #[error("the saved state has no array {name:?}; it was saved from a model of another configuration")]
    Missing {
        /// The array's name.
        name: String,
    },
    /// An array the model does not know.
    #[error(
        "the saved state has an array {name:?} that this model does not; it was saved from a model of another configuration"
    )]
    Unknown {
        /// The array's name.
        name: String,
    },
    /// An array of another shape.
    #[error("array {name:?} has shape {found:?}, this model needs {expected:?}")]
    Shape {
        /// The array's name.
        name: String,
        /// The shape in the saved state.
        found: Vec<usize>,
        /// The shape of the model.
        expected: Vec<usize>,
    },
    /// The file cannot be read as safetensors.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// A bound that cannot be evaluated in the situation it was put in.
///
/// ```
/// use ebm_core::error::BoundError;
///
/// let error = BoundError::Unsupported {
///     bound: "noise-floor".into(),
///     reason: "the generator adds no noise".into(),
///     advice: "set generator.noise above 0".into(),
/// };
/// assert_eq!(error.to_string(), "noise-floor: the generator adds no noise; set generator.noise above 0");
/// ```
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BoundError {
    /// The combination of models and options has no meaning.
    #[error("{bound}: {reason}; {advice}")]
    Unsupported {
        /// The bound's name.
        bound: String,
        /// What does not fit.
        reason: String,
        /// What to change.
        advice: String,
    },
}

impl BoundError {
    /// What does not fit the bound of this name, and what to change.
    pub fn unsupported(bound: &str, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unsupported {
            bound: bound.into(),
            reason: reason.into(),
            advice: advice.into(),
        }
    }
}
