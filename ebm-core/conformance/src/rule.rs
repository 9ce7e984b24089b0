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
    ($($rule:ident = $name:literal: $demand:literal,)+) => {
        /// One clause of what a bound promises.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $demand] #[serde(rename = $name)] $rule,)+
        }

        impl Rule {
            /// The rules for bounds of a side, in the order in which they are reported.
            pub fn of(side: Side) -> Vec<Rule> {
                let of_lower = |rule: &Rule| matches!(rule, Rule::CertifiedCeiling | Rule::Weights);
                let concerns = |rule: &Rule| side == Side::Lower || !of_lower(rule);
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
    Registered = "registered": "the name is registered, and once",
    Example = "example": "the example parses, survives JSON, and unknown keys are refused",
    Nonsense = "nonsense": "numbers that make no sense are refused, and none makes it panic",
    CertifiedValue = "certified-value": "a certified value is on its side of the exact one",
    CertifiedCeiling = "certified-ceiling": "a certified ceiling of the entropy is above the exact one",
    Weights = "weights": "weights by its inverse densities have the expectation Z",
    Claims = "claims": "nothing is claimed certified where nothing can hold",
    Sandwich = "sandwich": "lower <= exact <= upper with every certified counterpart",
    Gradient = "gradient": "the gradient is that of the value",
    NoLeak = "no-leak": "no gradient reaches what the bound does not train",
    Deterministic = "deterministic": "the value is a function of weights, seed and step",
    BatchOrder = "batch-order": "the order of the batch does not matter",
    SmallShapes = "small-shapes": "one sample or one dimension: a finite value or a typed error",
    ExtremeInputs = "extreme-inputs": "extreme inputs never panic, and nothing infinite passes for finite",
    State = "state": "what is saved and loaded is all that a value depends on",
    Geometries = "geometries": "fixed and runtime axes give the same value",
    Modes = "modes": "training and evaluation have the same value, where they claim the same",
    Shares = "shares": "the value is the mean of those on two shares of the batch, or says why not",
    Threads = "threads": "the number of threads does not matter",
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
    fn only_lower_bounds_have_an_upper_bound_of_the_entropy_and_weights() {
        for rule in [Rule::CertifiedCeiling, Rule::Weights] {
            assert!(Rule::of(Side::Lower).contains(&rule));
            assert!(!Rule::of(Side::Upper).contains(&rule));
        }
    }
}
