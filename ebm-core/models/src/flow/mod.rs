//! A coupling flow as generator: injective, so that its entropy is exact.

mod config;
mod coupling;
mod generator;

pub use config::FlowGeneratorConfig;
pub use generator::FlowGenerator;
