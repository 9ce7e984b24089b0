//! Why a figure cannot be computed.

use thiserror::Error;

/// Numbers that a figure cannot be computed from.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum MetricError {
    /// Values that do not fill whole rows.
    #[error("{values} values do not make whole rows of {width}")]
    Rows {
        /// Number of values.
        values: usize,
        /// Number of values a row should have.
        width: usize,
    },
    /// A value that is no number, or infinite.
    #[error("{what}: row {row}, column {column}, both counted from 0, is {value}; expected {expected}")]
    Value {
        /// What the values are.
        what: &'static str,
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// The value.
        value: f64,
        /// What would have been accepted.
        expected: &'static str,
    },
    /// Fewer samples than the figure is defined for.
    #[error("{figure} needs at least {needed} {what}, there are {found}")]
    TooFew {
        /// The figure.
        figure: &'static str,
        /// What there are too few of.
        what: &'static str,
        /// How many are needed.
        needed: usize,
        /// How many there are.
        found: usize,
    },
    /// Features of two extractors.
    #[error("features of {first} and of {second} dimensions cannot be compared: both must come from one extractor")]
    Widths {
        /// Number of dimensions of the first set.
        first: usize,
        /// Number of dimensions of the second set.
        second: usize,
    },
    /// A covariance matrix that is none.
    #[error("the covariance of {width} features is no covariance: {reason}")]
    Covariance {
        /// Number of dimensions.
        width: usize,
        /// What is wrong with it.
        reason: String,
    },
}
