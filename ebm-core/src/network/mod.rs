//! Networks of dense layers on rows of values and tangents, for models and for bounds that own one.

mod batch_norm;
mod config;
mod enclosed;
mod init;
mod layer;
mod stack;
mod weights;

pub use batch_norm::BatchNorm;
pub use config::NetworkConfig;
pub use enclosed::EnclosedNetwork;
pub use init::Init;
pub use stack::{Network, NetworkOptions, check_gain, check_widths};
pub use weights::{Start, Weights};
