//! The rules of the contract.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The bound of the likelihood that a registered bound belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// A lower bound of the generator's entropy.
    Lower,
    /// An upper bound of the divergence or the cross-entropy.
    Upper,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Lower => "lower bound",
            Side::Upper => "upper bound",
        })
    }
}

/// Declares the rules, in the order in which they are reported: each with its name in reports and its demand, in a line.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $name:literal: $demand:literal,)+) => {
        /// One clause of what a bound promises.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* #[serde(rename = $name)] $rule,)+
        }

        impl Rule {
            /// The rules for bounds of a side, in the order in which they are reported.
            pub fn of(side: Side) -> Vec<Rule> {
                let concerns = |rule: &Rule| side == Side::Lower || *rule != Rule::CertifiedCeiling;
                [$(Rule::$rule),+].into_iter().filter(concerns).collect()
            }

            /// The name it has in reports.
            pub fn name(self) -> &'static str {
                match self {
                    $(Rule::$rule => $name,)+
                }
            }

            /// Its demand, in a line.
            pub fn demand(self) -> &'static str {
                match self {
                    $(Rule::$rule => $demand,)+
                }
            }
        }
    };
}

rules! {
    /// The name is registered, and once.
    Registered = "registered": "the name is registered, and once",
    /// The example is a configuration, survives its text form, and unknown keys are refused.
    Example = "example": "the example parses, survives JSON, and unknown keys are refused",
    /// Numbers that make no sense are refused, and none makes it panic.
    Nonsense = "nonsense": "numbers that make no sense are refused, and none makes it panic",
    /// A value that is claimed certified is on its side of the exact one.
    CertifiedValue = "certified-value": "a certified value is on its side of the exact one",
    /// An upper estimate of the entropy that is claimed certified is above the exact one.
    CertifiedCeiling = "certified-ceiling": "a certified ceiling of the entropy is above the exact one",
    /// Nothing is claimed certified where nothing can hold.
    Claims = "claims": "nothing is claimed certified where nothing can hold",
    /// lower <= exact <= upper with every certified counterpart that is registered.
    Sandwich = "sandwich": "lower <= exact <= upper with every certified counterpart",
    /// The gradient is that of the value.
    Gradient = "gradient": "the gradient is that of the value",
    /// No gradient reaches what the bound does not train.
    NoLeak = "no-leak": "no gradient reaches what the bound does not train",
    /// The value is a function of configuration, weights, seed and step.
    Deterministic = "deterministic": "the value is a function of weights, seed and step",
    /// The order of the batch does not matter.
    BatchOrder = "batch-order": "the order of the batch does not matter",
    /// One sample, one dimension, as many latent as data dimensions: a finite value or a typed error.
    SmallShapes = "small-shapes": "one sample or one dimension: a finite value or a typed error",
    /// Huge and tiny weights and far latents do not make it panic, and nothing infinite passes for finite.
    ExtremeInputs = "extreme-inputs": "extreme inputs never panic, and nothing infinite passes for finite",
    /// What is saved and loaded is all that a value depends on.
    State = "state": "what is saved and loaded is all that a value depends on",
    /// Axes known at compile time and at run time give the same value.
    Geometries = "geometries": "fixed and runtime axes give the same value",
    /// A training step and an evaluation have the same value, where they claim the same.
    Modes = "modes": "training and evaluation have the same value, where they claim the same",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_bounds_have_an_upper_bound_of_the_entropy() {
        assert!(Rule::of(Side::Lower).contains(&Rule::CertifiedCeiling));
        assert!(!Rule::of(Side::Upper).contains(&Rule::CertifiedCeiling));
    }
}
