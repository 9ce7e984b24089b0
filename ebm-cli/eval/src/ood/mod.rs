//! Out-of-distribution detection: how well a model's energy tells held-out data from something else.

mod built_in;
mod detection;

pub use built_in::{BuiltIn, Known};
pub use detection::{Detection, detection_values};
