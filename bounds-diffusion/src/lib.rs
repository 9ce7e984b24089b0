//! The upper bound `diffusion`: the divergence from the generator to the energy's model, along a diffusion process.
//!
//! If `exp(-E(., t))` follows the Fokker-Planck equation of `dx = f dt + g dw`, then
//! `KL(p_g || p_theta) = 1/2 int g^2 E || grad log q_t + grad_x E(x, t) ||^2 dt + KL(q_1 || p_1)`, where q_t is p_g diffused
//! (Geng et al., IJCV 2025; Song et al., "Maximum likelihood training of score-based diffusion models", NeurIPS 2021).

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod bound;
mod config;
mod diffused;
mod fokker_planck;
mod guarantee;
mod selftest;
mod times;

pub use bound::Diffusion;
pub use config::{DiffusionConfig, Form, RegularizerConfig, Sampling, Weighting};
