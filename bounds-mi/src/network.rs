//! The networks of the estimators.

pub use ebm_core::network::NetworkConfig;
