//! Networks of dense layers on rows of values and tangents, for models and for bounds that own one.

pub mod batch_norm;
mod init;
mod layer;
pub mod spectral_norm;
mod stack;

pub use init::Init;
pub use stack::{Network, NetworkOptions, check_gain, check_widths};
