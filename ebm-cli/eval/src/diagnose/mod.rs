//! The Jacobian of a generator over a batch of latents: its singular values, what they say of the entropy, and how far the
//! iterative solver of the bound `sv` is from them.

mod approach;
mod diagnosis;
mod effective_rank;
mod entropies;
mod error;
mod notes;
mod report;
mod rounding;
mod singular_values;
mod spread;

pub use approach::{Approach, STEPS};
pub use diagnosis::{Diagnosis, SMALL, diagnose};
pub use effective_rank::effective_rank;
pub use entropies::{Entropies, Mean};
pub use error::DiagnoseError;
pub use rounding::Rounding;
pub use singular_values::singular_values;
pub use spread::Spread;
