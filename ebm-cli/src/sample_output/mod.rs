//! Samples in files: NumPy arrays for programs, a picture for people.

mod format;
mod sample_set;

pub use format::{Format, NamedFormat};
pub use sample_set::SampleSet;
