//! Multi-layer perceptrons: both players, and the network they are made of, for models and bounds of your own.

mod energy;
mod generator;
mod init;
mod layer;
mod network;
mod time;

pub use energy::{FourierConfig, MlpEnergy, MlpEnergyConfig};
pub use generator::{MlpGenerator, MlpGeneratorConfig};
pub use init::Init;
pub use network::{Network, NetworkOptions, check_gain, check_widths};
pub(crate) use time::TimeEmbedding;
pub use time::{EmbeddingConfig, TimeConfig};
