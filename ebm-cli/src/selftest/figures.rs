//! What a case computes.

use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Which of its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// Values.
    Value,
    /// Directional derivatives, carried forwards.
    Pushforward,
    /// The gradient in the inputs.
    InInputs,
    /// The gradient in the weights; of training, their change.
    InWeights,
}

impl Compared {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 4] = [Self::Value, Self::Pushforward, Self::InInputs, Self::InWeights];

    /// As a heading.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Pushforward => "pushforward",
            Self::InInputs => "in x",
            Self::InWeights => "in weights",
        }
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "value",
            Self::Pushforward => "pushforward",
            Self::InInputs => "gradient in x",
            Self::InWeights => "gradient in weights",
        })
    }
}

/// The figures of a case, those that it has: of gradients in weights, an array for each of weights. What is long is kept as a
/// digest.
pub(super) type Figures = BTreeMap<Compared, Vec<Vec<f64>>>;
