//! What a trained model is worth: likelihood, bounds, mode coverage, with unit, sample count, error and protocol each.

mod coverage;
mod figure;
mod generated;
mod null_is_nan;
mod protocol;
mod report;
mod sandwich;
mod table;

pub use coverage::{Coverage, GOOD_RADIUS};
pub use figure::{Figure, Unit};
pub use generated::generated_samples;
pub(crate) use null_is_nan::{nan_at_null, nan_at_null_in_map};
pub use protocol::{EvaluateConfig, Subject, evaluate};
pub use report::{Absent, Report};
pub use sandwich::{STANDARD_ERRORS, Sandwich, Side};
