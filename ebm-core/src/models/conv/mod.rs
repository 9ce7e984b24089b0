//! Stacks of layers on images: convolutions, transposed convolutions, batch-norm, residual blocks.
//!
//! Samples are rows `[height * width * channels]`, the channels of a pixel side by side.

mod energy;
mod generator;
mod layer;
mod layer_config;
mod preset;
mod shape;
mod stack;

pub use energy::{ConvEnergy, ConvEnergyConfig};
pub use generator::{ConvGenerator, ConvGeneratorConfig};
pub use layer_config::{
    BatchNormConfig, ConvConfig, ConvTransposeConfig, FactorConfig, LayerActivation, LayerConfig, LinearConfig,
    ResidualConfig, SumPoolConfig,
};
pub use preset::Preset;
pub use stack::{Stack, StackOptions};

#[cfg(test)]
mod tests;
