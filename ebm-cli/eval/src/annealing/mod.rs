//! Bounds of log Z in any number of dimensions, by annealing between the model and a Gaussian, or the generator.
//!
//! Annealed importance sampling takes chains from the start to the model, through
//!
//! ```text
//! f_b(y) = exp( -(1 - b) |y|^2 / 2 - b E(x(y)) ),   b: 0 -> 1
//! ```
//!
//! in coordinates y in which the start is N(0, I) (`x(y) = m + L y` for a Gaussian; for a generator its latents, with the Jacobian
//! in the energy), with a transition that leaves `f_b` invariant at each b, and weights `w = prod f_next(y) / f_this(y)`. Their
//! expectation is `Z_1 / Z_0` exactly, for any number of temperatures and any transitions, so by Jensen's inequality the logarithm of their
//! mean is a lower bound of log Z in expectation (and by Markov's it is above log Z + c with probability at most e^-c). Taken
//! from exact samples of the model to the Gaussian the weights have the expectation `Z_0 / Z_1`, and minus the logarithm of
//! their mean is an upper bound.
//!
//! Both see only what the chains find: that they agree proves nothing about a well that none of them met.
//!
//! Neal, "Annealed importance sampling", Statistics and Computing 2001; Grosse, Ghahramani and Adams, "Sandwiching the marginal
//! likelihood using bidirectional Monte Carlo", 2015.

mod base;
mod error;
mod log_mean;
mod path;
mod sampler;
mod start;

pub use crate::config::{AnnealingConfig, Start};
pub use crate::proposal::ProposalError;
pub(crate) use base::{Base, FITTED, GaussianStart};
pub use error::AnnealingError;
pub(crate) use log_mean::LogMean;
pub use path::{Annealed, Bracket};
pub(crate) use sampler::{CHAINS_A_POINT, sampler_nlls};
pub(crate) use start::bracket;

#[cfg(test)]
mod tests;
