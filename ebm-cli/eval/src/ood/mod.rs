//! Out-of-distribution detection: how well scores of a model's energy tell held-out data from something else.

mod built_in;
mod detection;
mod score;

pub use built_in::{BuiltIn, Known};
pub use detection::{Detection, detection_values};
pub use score::{Score, mean_energy};
