//! Stacks of layers on images: convolutions, transposed convolutions, batch-norm, residual blocks.
//!
//! Samples are rows `[height * width * channels]`, the channels of a pixel side by side.
//!
//! Layers are listed in a configuration, or in code:
//!
//! ```
//! use ebm_core::kernels::Extent;
//! use ebm_models::conv::{
//!     BatchNormConfig, ConvConfig, ConvGeneratorConfig, ConvTransposeConfig, FactorConfig, LayerActivation, LayerConfig,
//!     LinearConfig, ResidualConfig, Stack, StackOptions, SumPoolConfig,
//! };
//! use ebm_core::network::Init;
//! use ebm_core::parameter::Module;
//! # use ebm_core::random::Random;
//! # use ebm_core::tape::Parts;
//!
//! let config: ConvGeneratorConfig = toml::from_str(
//!     r#"layers = [
//!         { linear = { to = [2, 2, 4] } },
//!         { batch_norm = { activation = "relu" } },
//!         { conv_transpose = { to = 3 } },
//!         { residual = { layers = [{ conv = { to = 3 } }] } },
//!         { average_pool = { factor = 2 } },
//!         { sum_pool = {} },
//!     ]"#,
//! )?;
//!
//! let plain = LayerActivation::Identity;
//! let conv = ConvConfig { to: 3, kernel: 3, stride: 1, padding: None, activation: plain };
//! let layers = [
//!     LayerConfig::Linear(LinearConfig { to: vec![2, 2, 4], activation: plain }),
//!     LayerConfig::BatchNorm(BatchNormConfig { activation: LayerActivation::Relu }),
//!     LayerConfig::ConvTranspose(ConvTransposeConfig {
//!         to: 3,
//!         kernel: 4,
//!         stride: 2,
//!         padding: None,
//!         output_padding: 0,
//!         activation: plain,
//!     }),
//!     LayerConfig::Residual(ResidualConfig { layers: vec![LayerConfig::Conv(conv)], shortcut: vec![] }),
//!     LayerConfig::AveragePool(FactorConfig { factor: 2 }),
//!     LayerConfig::SumPool(SumPoolConfig {}),
//! ];
//! assert_eq!(config.layers, layers);
//!
//! // From 8 latents to 2x2x4, 4x4x3, 2x2x3, and to one value a channel.
//! let options = |count| StackOptions {
//!     layers: &layers[..count],
//!     inputs: Extent::vector(8),
//!     init: Init::Uniform,
//!     gain: 1.0,
//!     spectral_norm: false,
//!     part: Parts::GENERATOR,
//! };
//! assert_eq!(options(2).outputs()?, Extent::new(2, 2, 4));
//! assert_eq!(options(4).outputs()?, Extent::new(4, 4, 3));
//! assert_eq!(options(5).outputs()?, Extent::new(2, 2, 3));
//! assert_eq!(options(6).outputs()?, Extent::vector(3));
//!
//! // Weights and biases, of every output or of every channel; a factor and a shift for each normalised channel.
//! let stack = Stack::new(&options(6), Random::new(0))?;
//! let (linear, batch_norm) = (8 * 16 + 16, 4 + 4);
//! let (conv_transpose, conv) = (4 * 4 * 4 * 3 + 3, 3 * 3 * 3 * 3 + 3);
//! assert_eq!(stack.parameter_count(), linear + batch_norm + conv_transpose + conv);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
