use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use ebm_core::device::Real;
use ebm_core::kernels::{Activation, Epilogue};

/// A layer: a table with one key, such as `{ conv = { to = 64, kernel = 3 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerConfig {
    /// All values to an image or a vector.
    Linear(LinearConfig),
    /// A convolution.
    Conv(ConvConfig),
    /// A transposed convolution.
    ConvTranspose(ConvTransposeConfig),
    /// Batch-norm of the channels.
    BatchNorm(BatchNormConfig),
    /// An activation on its own.
    Activation(LayerActivation),
    /// Every pixel becomes a block of equal ones.
    UpSample(FactorConfig),
    /// Every block of pixels becomes its mean.
    AveragePool(FactorConfig),
    /// The sum of every channel over the image.
    SumPool(SumPoolConfig),
    /// The sum of two branches.
    Residual(ResidualConfig),
}

/// All values to an image or a vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearConfig {
    /// `[height, width, channels]`, or `[width]` of a vector.
    pub to: Vec<usize>,
    /// The activation that follows.
    #[serde(default)]
    pub activation: LayerActivation,
}

/// A convolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvConfig {
    /// Output channels.
    pub to: usize,
    /// Width and height of the kernel.
    #[serde(default = "number::<3>")]
    pub kernel: usize,
    /// Distance between places of the kernel.
    #[serde(default = "number::<1>")]
    pub stride: usize,
    /// Zeros around the image; without it (kernel - 1) / 2, rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<usize>,
    /// The activation that follows.
    #[serde(default)]
    pub activation: LayerActivation,
}

/// A transposed convolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvTransposeConfig {
    /// Output channels.
    pub to: usize,
    /// Width and height of the kernel.
    #[serde(default = "number::<4>")]
    pub kernel: usize,
    /// Distance between the places that pixels are spread to.
    #[serde(default = "number::<2>")]
    pub stride: usize,
    /// Pixels cut off at each side; without it (kernel - 1) / 2, rounded down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padding: Option<usize>,
    /// Pixels added at the bottom and at the right, fewer than the stride.
    #[serde(default)]
    pub output_padding: usize,
    /// The activation that follows.
    #[serde(default)]
    pub activation: LayerActivation,
}

/// Batch-norm of the channels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchNormConfig {
    /// The activation that follows.
    pub activation: LayerActivation,
}

/// A change of an image's size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorConfig {
    /// Pixels along each axis that belong to one of the smaller image.
    #[serde(default = "number::<2>")]
    pub factor: usize,
}

/// The sum over an image; there is nothing to choose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SumPoolConfig {}

/// The sum of two branches that see the same input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResidualConfig {
    /// Layers of the main branch.
    pub layers: Vec<LayerConfig>,
    /// Layers of the other branch; without any it is the input itself.
    #[serde(default)]
    pub shortcut: Vec<LayerConfig>,
}

/// An activation of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LayerActivation {
    /// x
    #[default]
    Identity,
    /// max(x, 0)
    Relu,
    /// max(x, 0) + 0.2 min(x, 0)
    LeakyRelu,
    /// max(x, 0) + a min(x, 0) with this a >= 0
    Leaky(f64),
    /// max(x, 0) + a min(x, 0) with one learned slope a a layer, 0.25 at the start
    Prelu,
    /// x / (1 + e^-x)
    Silu,
    /// ln(1 + e^x)
    Softplus,
    /// tanh x
    Tanh,
}

impl LayerActivation {
    /// The part of it that an operation ends with, and what is left to an operation of its own.
    pub(super) fn split(self) -> (Epilogue, Activation) {
        match self {
            Self::Identity => (Epilogue::Identity, Activation::Identity),
            Self::Relu => (Epilogue::Leaky(0.0), Activation::Identity),
            Self::LeakyRelu => (Epilogue::Leaky(0.2), Activation::Identity),
            Self::Leaky(a) => (Epilogue::Leaky(a as Real), Activation::Identity),
            Self::Tanh => (Epilogue::Tanh, Activation::Identity),
            Self::Prelu => (Epilogue::Identity, Activation::Prelu),
            Self::Silu => (Epilogue::Identity, Activation::Silu),
            Self::Softplus => (Epilogue::Identity, Activation::Softplus),
        }
    }

    /// A bound of its slope; none where the slope is learned.
    pub(super) fn lipschitz(self) -> Option<f64> {
        match self {
            Self::Prelu => None,
            Self::Leaky(a) => Some(a.max(1.0)),
            Self::Silu => Some(Activation::Silu.lipschitz()),
            Self::Identity | Self::Relu | Self::LeakyRelu | Self::Softplus | Self::Tanh => Some(1.0),
        }
    }

    /// Whether the second derivative is zero almost everywhere.
    pub(super) fn is_piecewise_linear(self) -> bool {
        !matches!(self, Self::Silu | Self::Softplus | Self::Tanh)
    }
}

fn number<const N: usize>() -> usize {
    N
}

impl LayerConfig {
    /// The activation that the layer ends with.
    pub(super) fn activation(&self) -> LayerActivation {
        match self {
            Self::Linear(layer) => layer.activation,
            Self::Conv(layer) => layer.activation,
            Self::ConvTranspose(layer) => layer.activation,
            Self::BatchNorm(layer) => layer.activation,
            Self::Activation(activation) => *activation,
            Self::UpSample(_) | Self::AveragePool(_) | Self::SumPool(_) | Self::Residual(_) => {
                LayerActivation::Identity
            }
        }
    }
}
