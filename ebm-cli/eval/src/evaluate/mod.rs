//! What a trained model is worth: likelihood, bounds, mode coverage, with unit, sample count, error and protocol each.

mod bracket;
mod comparison;
mod coverage;
mod extracted;
mod figure;
mod generated;
mod images;
mod null_is_nan;
mod protocol;
mod report;
mod sandwich;
mod table;

pub use comparison::{Neighbours, Sampled, frechet_figure, neighbour_figures};
pub use coverage::{Coverage, GOOD_RADIUS};
pub use extracted::extracted;
pub use figure::{Figure, Unit};
pub use generated::generated_samples;
pub use images::ImagesConfig;
pub use null_is_nan::{nan_at_null, nan_at_null_in_map};
pub use protocol::{EvaluateConfig, Subject, evaluate};
pub use report::{Absent, Report};
pub use sandwich::{STANDARD_ERRORS, Sandwich, Side};
pub use table::Rows;
