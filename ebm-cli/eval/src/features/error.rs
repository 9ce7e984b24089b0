use thiserror::Error;

/// Numbers that a metric cannot be computed from; it says which, and what was expected.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct MetricError(pub(crate) String);

impl MetricError {
    /// Values that do not fill whole rows.
    pub(crate) fn rows(values: usize, width: usize) -> Self {
        Self(format!("{values} values do not make whole rows of {width}"))
    }

    /// A value that is no number, or infinite, or out of range.
    pub(crate) fn value(what: &str, (row, column): (usize, usize), value: f64, expected: &str) -> Self {
        Self(format!("{what}: row {row}, column {column}, both counted from 0, is {value}; expected {expected}"))
    }

    /// Fewer samples than a metric is defined for.
    pub(crate) fn too_few(metric: &str, what: &str, needed: usize, found: usize) -> Self {
        Self(format!("{metric} needs at least {needed} {what}, there are {found}"))
    }

    /// Features of two extractors.
    pub(crate) fn widths(first: usize, second: usize) -> Self {
        Self(format!(
            "features of {first} and of {second} dimensions cannot be compared: both must come from one extractor"
        ))
    }

    /// A covariance matrix that is none.
    pub(crate) fn covariance(width: usize, reason: &str) -> Self {
        Self(format!("the covariance of {width} features is no covariance: {reason}"))
    }
}
