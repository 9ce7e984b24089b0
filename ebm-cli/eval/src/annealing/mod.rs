//! Bounds of log Z in any number of dimensions, by annealing between the model and a Gaussian.
//!
//! Annealed importance sampling takes chains from the Gaussian to the model, through
//!
//! ```text
//! f_b(y) = exp( -(1 - b) |y|^2 / 2 - b E(x(y)) ),   b: 0 -> 1,   x(y) = m + L y
//! ```
//!
//! with a transition that leaves `f_b` invariant at each b, and weights `w = prod f_next(y) / f_this(y)`. Their expectation is
//! `Z_1 / Z_0` exactly, for any number of temperatures and any transitions, so by Jensen's inequality the logarithm of their
//! mean is a lower bound of log Z in expectation (and by Markov's it is above log Z + c with probability at most e^-c). Taken
//! from exact samples of the model to the Gaussian the weights have the expectation `Z_0 / Z_1`, and minus the logarithm of
//! their mean is an upper bound.
//!
//! Neal, "Annealed importance sampling", Statistics and Computing 2001; Grosse, Ghahramani and Adams, "Sandwiching the marginal
//! likelihood using bidirectional Monte Carlo", 2015.

mod base;
mod error;
mod log_mean;
mod path;

pub use crate::config::AnnealingConfig;
pub(crate) use base::Base;
pub use error::AnnealingError;
pub(crate) use log_mean::LogMean;
pub use path::{Annealed, Bracket};

#[cfg(test)]
mod tests;
