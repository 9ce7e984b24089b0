//! The Jacobian of a generator over a batch of latents: its singular values, what they say of the entropy, and how far the
//! iterative solver of the bound `sv` is from them.

mod approach;
mod diagnosis;
mod entropies;
mod quantiles;
mod report;
mod spectrum;

pub use approach::{Approach, STEPS};
pub use diagnosis::{DiagnoseError, Diagnosis, SMALL, diagnose};
pub use entropies::{Entropies, Mean};
pub use quantiles::Quantiles;
pub use spectrum::{Rounding, effective_rank, singular_values};
