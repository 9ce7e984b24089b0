//! Samples: refined on an energy by Markov chains, and written to files.

mod generated;
mod neighbours;
mod refine;

pub(crate) use ebm_train::chains::{Chains, Outcome, Potential, Transition, energies_and_gradients};
pub use generated::generated_samples;
pub(crate) use generated::{for_generated, for_latents};
pub use neighbours::{Neighbours, nearest};
pub(crate) use neighbours::{distance, nearest_row};
pub use refine::{Method, RefineError, RefineOptions, RefineReport, refine};
