//! The errors of this crate: typed, carrying the values and the way out.

use std::ops::RangeInclusive;
use thiserror::Error;

/// A configuration value that cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{key} = {value}: expected {expected}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The key, relative to the table it stands in.
    pub key: String,
    /// The value given, as text.
    pub value: String,
    /// The values that would have been accepted.
    pub expected: String,
}

impl ConfigError {
    /// A value that is not what was expected.
    pub fn new(key: impl Into<String>, value: impl ToString, expected: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.to_string(), expected: expected.into() }
    }

    /// The same error with a table name put before the key.
    pub fn within(mut self, table: &str) -> Self {
        self.key = format!("{table}.{}", self.key);
        self
    }

    /// Ok if `good`, else this error.
    pub fn require(good: bool, key: &str, value: impl ToString, expected: &str) -> Result<(), ConfigError> {
        if good { Ok(()) } else { Err(Self::new(key, value, expected)) }
    }

    /// Ok if `value` lies in `range`.
    pub fn require_within(key: &str, value: usize, range: RangeInclusive<usize>) -> Result<(), ConfigError> {
        let expected = format!("a number between {} and {}", range.start(), range.end());
        Self::require(range.contains(&value), key, value, &expected)
    }

    /// Ok if `value` is a finite number above 0.
    pub fn require_positive(key: &str, value: f64) -> Result<(), ConfigError> {
        Self::require(value > 0.0 && value.is_finite(), key, value, "a finite number > 0")
    }

    /// Ok if `value` is a finite number that is not negative.
    pub fn require_not_negative(key: &str, value: f64) -> Result<(), ConfigError> {
        Self::require(value >= 0.0 && value.is_finite(), key, value, "a finite number >= 0")
    }
}

pub use ebm_kernels::parameter::StateError;

/// A bound that cannot be evaluated in the situation it was put in.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum BoundError {
    /// The combination of models and options has no meaning.
    #[error("{bound}: {reason}; {advice}")]
    Unsupported {
        /// The bound's name.
        bound: String,
        /// The misfit.
        reason: String,
        /// The way out.
        advice: String,
    },
}

impl BoundError {
    /// The error of the bound of this name: the misfit, and the way out.
    pub fn unsupported(bound: &str, reason: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Unsupported { bound: bound.into(), reason: reason.into(), advice: advice.into() }
    }
}
