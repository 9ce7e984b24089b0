//! Evaluates a trained model: likelihood, bounds, mode coverage, each value with unit, sample count, error and protocol.

mod extracted;
mod protocol;
mod report;
mod sandwich;

pub use crate::config::{EvaluateConfig, ImagesConfig};
pub use crate::metric::{GOOD_RADIUS, MetricValue, Subject, Unit, nan_at_null, nan_at_null_in_map};
pub use crate::{sampling::generated_samples, table::Rows};
pub use extracted::extracted;
pub use protocol::{evaluate, evaluate_until};
pub use report::{Absent, Report};
pub use sandwich::{STANDARD_ERRORS, Sandwich, Side};

#[cfg(test)]
mod tests;
