//! The core of `ebm`: what bounds and models are, and what they are written with.
//!
//! An energy-based model p(x) = exp(-E(x)) / Z is trained between two bounds of its negative log-likelihood
//! `L = E_data[E] + log Z`: the energy minimises an upper bound, a generator maximises a lower one (Geng et al.,
//! "Bounds all around: training energy-based models with bidirectional bounds", NeurIPS 2021).
//!
//! | to | see |
//! |---|---|
//! | write a bound | [`prelude`], [`bounds`], [`registry`], [`tensor`] |
//! | write a model | [`models`], [`kernels`] |
//! | measure | [`jacobian`] |
//!
//! # What may grow
//!
//! Enums, and most structs that are handed out, are `#[non_exhaustive]`: match with a `_` arm, and build by the constructors that
//! there are. Structs of options are built by whoever uses them, so they are not: write `..Default::default()`, and a new
//! option changes nothing. Closed for good are [`bounds::Level`], `conformance::Side`, and what is as old as the equations, such
//! as the two processes of [`diffusion`].

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod bounds;
pub mod data;
pub mod diffusion;
pub mod error;
pub mod geometry;
pub mod image;
pub mod jacobian;
pub mod models;
pub mod network;
pub mod optimizer;
pub mod prelude;
pub mod registry;
pub mod schedule;
pub mod selftest;
pub mod tensor;

pub use ebm_kernels as kernels;
/// Re-exported because its tensors are part of this crate's interface. Import anything else you need of dfdx from here, to get
/// the same version.
pub use ebm_kernels::dfdx;
pub use ebm_kernels::{buffers, module, no_parameters, parameter, random, tape};

/// The element type, the device, and the tensors that every part of the system uses.
pub mod device {
    pub use ebm_kernels::buffers::values;
    pub use ebm_kernels::device::*;
    pub use ebm_kernels::tape::Taped;
}

#[doc(hidden)]
pub use inventory;
