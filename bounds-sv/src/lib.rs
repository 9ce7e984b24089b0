//! The lower bound `sv`: the generator's entropy from the singular values of its Jacobian.
//!
//! `H[p_g] = H[p0] + E[ sum_i log s_i ] >= H[p0] + E[ d log s_1 ]` for an injective generator without noise
//! (Geng et al., NeurIPS 2021, section 3). Beside it the baseline `none`, which has no entropy term at all.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod bound;
mod config;
mod guarantee;
mod none;
mod selftest;

pub use bound::SingularValues;
pub use config::{IterativeSolver, Solver, SvConfig, Variant};
pub use none::NoneConfig;
