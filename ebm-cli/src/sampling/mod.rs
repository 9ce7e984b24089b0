//! Samples: refined on an energy by Markov chains, and written to files.

mod chains;
mod neighbours;
mod output;
mod refine;

pub use neighbours::{Neighbours, nearest};
pub use output::{Format, NamedFormat, OutputError, SampleSet};
pub use refine::{Method, RefineError, RefineOptions, RefineReport, refine};
