//! Activation functions, each with two derivatives.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device::Real;

/// Slope of [`Activation::LeakyRelu`] below zero.
const LEAK: Real = 0.2;

/// An activation function, applied elementwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Activation {
    /// x
    Identity,
    /// max(x, 0)
    Relu,
    /// max(x, 0) + 0.2 min(x, 0)
    LeakyRelu,
    /// max(x, 0) + a min(x, 0) with one learned slope a a layer, 0.25 at the start
    Prelu,
    /// x / (1 + e^-x)
    #[default]
    Silu,
    /// ln(1 + e^x)
    Softplus,
    /// tanh x
    Tanh,
}

impl Activation {
    /// Whether the second derivative is zero almost everywhere.
    pub fn is_piecewise_linear(self) -> bool {
        matches!(self, Self::Identity | Self::Relu | Self::LeakyRelu | Self::Prelu)
    }

    /// A bound of |phi'|, for Lipschitz constants (PReLU: for slopes within [-1, 1]).
    pub fn lipschitz(self) -> f64 {
        match self {
            // The maximum of the derivative of x sigmoid(x), at x = 2.3994.
            Self::Silu => 1.0999,
            _ => 1.0,
        }
    }
}

/// Slope of [`Activation::LeakyRelu`] below zero.
pub(crate) fn leak() -> Real {
    LEAK
}
