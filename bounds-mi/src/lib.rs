//! The lower bound `mi`: the generator's entropy from the mutual information of samples and latents.
//!
//! With noise, `x = G(z) + sigma n` and sigma > 0, the entropy of x given z is that of the noise alone, so
//!
//! ```text
//! H[p_g] = I(x; z) + H[sigma n],     H[sigma n] = D/2 ln(2 pi e sigma^2)
//! ```
//!
//! and any lower bound of I gives one of H, for every G: injective or not, D > d or not (Geng et al., "Exploring
//! bidirectional bounds", IJCV 2025). A network of the bound's own, trained to maximise the value, makes it tight; or, as the density
//! of x given z is known, the generator's outputs at many latents do.
//!
//! # Why a value is certified
//!
//! The variational estimators hold for every *fixed* critic or encoder, in expectation over samples that had no part in
//! choosing it. The value reported in a training step is computed before that step's update: its batch is fresh, the
//! network was trained on earlier ones. An evaluation draws fresh samples too. Evaluating a network on the very batch it
//! was fitted to would be too high. `multi-sample` has no network, and holds for every generator.
//!
//! In expectation: where rare pairs carry the mean of an exponential, single batches are far off at a small standard error.
//! [`estimators::Weights`] lower the claim where a batch shows that; a pair too rare to be drawn cannot be excluded.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod bound;
mod config;
mod critic;
mod encoder;
pub mod estimators;
mod information;
mod network;
mod selftest;
mod upper_bound;

pub use bound::MutualInformation;
pub use config::{MiConfig, Product};
pub use encoder::{Covariance, EncoderConfig};
pub use estimators::Estimator;
pub use network::NetworkConfig;
