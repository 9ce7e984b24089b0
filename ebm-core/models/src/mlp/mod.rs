//! Multi-layer perceptrons: both players, and the network they are made of, for models and bounds of your own.

mod energy;
mod generator;
mod quadratic;
mod time;

pub use energy::{FourierConfig, MlpEnergy, MlpEnergyConfig};
pub use generator::{MlpGenerator, MlpGeneratorConfig};
pub(crate) use time::TimeEmbedding;
pub use time::{EmbeddingConfig, TimeConfig};
