//! Stacks of layers on images: convolutions, transposed convolutions, batch-norm, residual blocks.
//!
//! Samples are rows `[height * width * channels]`, the channels of a pixel side by side.
//!
//! Layers are listed in a configuration, or in code as [`LayerConfig`]s:
//!
//! ```
//! use ebm_core::geometry::Runtime;
//! use ebm_core::parameter::Module;
//! # use ebm_core::random::Random;
//! use ebm_models::conv::{ConvGenerator, ConvGeneratorConfig};
//!
//! // From 8 latents to 2x2x4, 4x4x3, 2x2x3, and to one value a channel.
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
//! let generator = ConvGenerator::new(Runtime { latent: 8, data: 3 }, &config, Random::new(0))?;
//!
//! // Weights and biases, of every output or of every channel; a factor and a shift for each normalised channel.
//! let (linear, batch_norm) = (8 * 16 + 16, 4 + 4);
//! let (conv_transpose, conv) = (4 * 4 * 4 * 3 + 3, 3 * 3 * 3 * 3 + 3);
//! assert_eq!(generator.parameter_count(), linear + batch_norm + conv_transpose + conv);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod energy;
mod generator;
mod layer;
mod layer_config;
mod lipschitz;
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
use stack::Stack;

#[cfg(test)]
mod tests;
