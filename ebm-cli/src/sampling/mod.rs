//! Samples: refined on an energy by Markov chains, and written to files.

mod chains;
mod output;
mod refine;

pub use output::{Format, OutputError, SampleSet};
pub use refine::{Method, RefineError, RefineOptions, RefineReport, refine};
