//! Out-of-distribution detection: how well a model's energy tells held-out data from something else.

mod built_in;
mod report;

pub use built_in::{BuiltIn, Known};
pub use report::detection_figures;
