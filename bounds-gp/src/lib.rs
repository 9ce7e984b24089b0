//! Upper bounds by gradient penalty, and the baselines they are compared with.
//!
//! - `gp`: `KL(p_g || p_theta) <= M E_pg ||grad_x E + grad_x log p_g|| + const` (Geng et al., NeurIPS 2021, Theorem 1), in
//!   the form that is trained, and in a certified form for energies that satisfy a log-Sobolev inequality;
//! - `zero-gp`: a penalty on the energy's gradient at the data;
//! - `wgan-gp`: a penalty that keeps the energy's gradient near length one between data and samples;
//! - `none`: one-sided training.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod baselines;
mod config;
mod gp;
mod residual;
mod score;
mod selftest;

pub use baselines::{NoneConfig, WganGpConfig, ZeroGpConfig};
pub use config::{Decay, Form, GpConfig, Norm, Volume};
pub use gp::GradientPenalty;
pub use score::Score;
