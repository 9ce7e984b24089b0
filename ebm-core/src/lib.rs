//! The core of `ebm`: what a bound needs, and the training that composes bounds.
//!
//! An energy-based model p(x) = exp(-E(x)) / Z is trained between two bounds of its negative log-likelihood
//! `L = E_data[E] + log Z`: the energy minimises an upper bound, a generator maximises a lower one (Geng et al.,
//! "Bounds all around: training energy-based models with bidirectional bounds", NeurIPS 2021).
//!
//! | to | see |
//! |---|---|
//! | write a bound | [`prelude`], [`bounds`], [`registry`] |
//! | write a model | [`models`], [`kernels`] |
//! | train | [`trainer`] |
//! | check a bound | `conformance` (feature `conformance`) |
//! | measure | [`quadrature`], [`jacobian`] |
//!
//! # What may grow
//!
//! Enums, and most structs that are handed out, are `#[non_exhaustive]`: match with a `_` arm, and build by the constructors that
//! there are. Structs of options are built by whoever uses them, so they are not: write `..Default::default()`, and a new
//! option changes nothing. Closed for good are [`bounds::Level`], `conformance::Side`, and what is as old as the equations, such
//! as the two processes of [`diffusion`].

#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(all(feature = "cuda", feature = "cuda-emulation"))]
compile_error!(
    "the features `cuda` and `cuda-emulation` exclude each other: one runs the kernels on a GPU, the other on the CPU"
);

pub mod bounds;
mod buffers;
pub mod collective;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod data;
pub mod device;
pub mod diffusion;
pub mod error;
pub mod geometry;
#[cfg(device_kernels)]
mod gpu;
pub mod image;
pub mod jacobian;
pub mod kernels;
pub mod models;
pub mod optim;
pub mod parameter;
pub mod prelude;
pub mod quadrature;
pub mod random;
pub mod registry;
pub mod state_file;
pub mod tape;
pub mod trainer;

/// Its tensors are part of this crate's interface: a crate that uses more of dfdx than what is here takes it from here, and so
/// in the right version.
pub use dfdx;
#[doc(hidden)]
pub use inventory;
