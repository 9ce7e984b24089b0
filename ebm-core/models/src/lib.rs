//! The generators and energies of `ebm`: multi-layer perceptrons, flows, convolutional networks and mixtures, with the noise of a
//! generator.
//!
//! Each registers itself with `ebm-core`, under the name by which a configuration asks for it: a program that uses this crate
//! has them all.

#![deny(unsafe_code)]
#![warn(missing_docs)]

pub mod conv;
pub mod flow;
pub mod mixture;
pub mod mlp;
pub mod noise;

mod convolution;
mod of_network;
mod selftest;

pub use convolution::ConvolutionConfig;
