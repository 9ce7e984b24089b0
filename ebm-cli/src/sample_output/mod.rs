//! Samples in files: NumPy arrays for programs, pictures for people.

mod format;
mod sample_set;

pub use format::{Format, NamedFormat};
pub use sample_set::SampleSet;
