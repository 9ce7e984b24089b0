//! Samples: refined on an energy by Markov chains, and written to files.

mod chains;
mod generated;
mod neighbours;
mod refine;

pub(crate) use chains::{Chains, Outcome, Transition, energies_and_gradients};
pub(crate) use generated::for_generated;
pub use generated::generated_samples;
pub use neighbours::{Neighbours, nearest};
pub use refine::{Method, RefineError, RefineOptions, RefineReport, refine};
