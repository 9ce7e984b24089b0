//! The lower bound `sv`: the generator's entropy from the singular values of its Jacobian.
//!
//! `H[p_g] = H[p0] + E[ sum_i log s_i ] >= H[p0] + E[ d log s_1 ]` for an injective generator without noise
//! (Geng et al., NeurIPS 2021, section 3). For a generator with noise, `1/2 log det(I + J^T J / sigma^2)` in place of the sum, as it
//! is or with an encoder. Beside it the baseline `none`, which has no entropy term at all.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod bound;
mod config;
mod encoder;
mod guarantee;
mod log_det;
mod noise_floor;
mod none;
mod quadrature;
mod selftest;

pub use bound::SingularValues;
pub use config::{IterativeSolver, Solver, SvConfig, Tau, Variant};
pub use noise_floor::NoiseFloor;
pub use none::NoneConfig;
