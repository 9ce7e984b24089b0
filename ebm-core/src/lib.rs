//! The core of `ebm`: what a bound needs, and the training that composes bounds.
//!
//! An energy-based model p(x) = exp(-E(x)) / Z is trained between two bounds of its negative log-likelihood
//! `L = E_data[E] + log Z`: the energy minimises an upper bound, a generator maximises a lower one (Geng et al.,
//! "Bounds all around: training energy-based models with bidirectional bounds", NeurIPS 2021).
//!
//! | to | see |
//! |---|---|
//! | write a bound | [`bounds`], [`registry`] |
//! | write a model | [`models`], [`kernels`] |
//! | train | [`trainer`] |
//! | check a bound | `conformance` (feature `conformance`) |
//! | measure | [`quadrature`], [`jacobian`] |

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod bounds;
mod buffers;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod data;
pub mod device;
pub mod diffusion;
pub mod error;
pub mod geometry;
pub mod image;
pub mod jacobian;
pub mod kernels;
pub mod models;
pub mod optim;
pub mod parameter;
pub mod quadrature;
pub mod random;
pub mod registry;
pub mod state_file;
pub mod tape;
pub mod trainer;

#[doc(hidden)]
pub use inventory;
