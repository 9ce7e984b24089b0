//! Out-of-distribution detection: how well a model's energy tells held-out data from something else.

mod built_in;
mod report;
mod source;

pub use built_in::{BuiltIn, Known};
pub use report::detection_figures;
pub use source::{Source, SourceError};
