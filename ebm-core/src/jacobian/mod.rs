//! The generator's Jacobian J `[D, d]` a sample: products, volume, singular values.
//!
//! A Jacobian is held as [`Columns`]: d pushforwards, direction-major. Everything that is differentiable here is so in the
//! generator's parameters and in z, because the pushforward is recorded on the tape.

mod columns;
mod iterative;
mod mean_square;
mod products;

pub use columns::{Columns, axes, jacobian, lift, log_smallest, log_volume, samples_and_log_volume, spectrum};
pub use iterative::{IterativeOptions, SmallestPairs, smallest_pairs};
pub use mean_square::log_mean_square;
pub use products::{log_norm_pushforward, pullback};
