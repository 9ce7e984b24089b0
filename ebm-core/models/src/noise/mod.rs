//! The noise that a generator adds to its samples, `x = G(z) + sigma n`: a fixed or a learned level.

mod config;
mod level;

pub use config::{LearnedNoise, NoiseConfig};
pub use level::NoiseLevel;
