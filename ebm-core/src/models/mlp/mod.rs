//! Multi-layer perceptrons for both players.

mod energy;
mod generator;
mod init;
mod layer;
mod network;
mod time;

pub use energy::{FourierConfig, MlpEnergy, MlpEnergyConfig};
pub use generator::{MlpGenerator, MlpGeneratorConfig};
pub use init::Init;
pub(crate) use network::{Network, NetworkOptions};
pub use time::{EmbeddingConfig, TimeConfig};
