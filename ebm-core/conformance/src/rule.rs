//! The rules of the contract.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which bound of the likelihood a bound belongs to.
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

/// One clause of what a bound promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// The name is registered, and once.
    Registered,
    /// The example is a configuration, survives its text form, and unknown keys are refused.
    Example,
    /// Numbers that make no sense are refused, and none makes it panic.
    Nonsense,
    /// A value that is claimed certified is on its side of the exact one.
    CertifiedValue,
    /// An upper estimate of the entropy that is claimed certified is above the exact one.
    CertifiedCeiling,
    /// Nothing is claimed certified where nothing can hold.
    Claims,
    /// lower <= exact <= upper with every certified counterpart that is registered.
    Sandwich,
    /// The gradient is that of the value.
    Gradient,
    /// No gradient reaches what the bound does not train.
    NoLeak,
    /// The value is a function of configuration, weights, seed and step.
    Deterministic,
    /// The order of the batch does not matter.
    BatchOrder,
    /// One sample, one dimension, as many latent as data dimensions: a finite value or a typed error.
    SmallShapes,
    /// Huge and tiny weights and far latents do not make it panic, and nothing infinite passes for finite.
    ExtremeInputs,
    /// What is saved and loaded is all that a value depends on.
    State,
    /// Axes known at compile time and at run time give the same value.
    Geometries,
    /// A training step and an evaluation have the same value, where they claim the same.
    Modes,
}

impl Rule {
    /// The rules for bounds of a side, in the order in which they are reported.
    pub fn of(side: Side) -> Vec<Rule> {
        let all = [
            Rule::Registered,
            Rule::Example,
            Rule::Nonsense,
            Rule::CertifiedValue,
            Rule::CertifiedCeiling,
            Rule::Claims,
            Rule::Sandwich,
            Rule::Gradient,
            Rule::NoLeak,
            Rule::Deterministic,
            Rule::BatchOrder,
            Rule::SmallShapes,
            Rule::ExtremeInputs,
            Rule::State,
            Rule::Geometries,
            Rule::Modes,
        ];
        let concerns = |rule: &Rule| side == Side::Lower || *rule != Rule::CertifiedCeiling;
        all.into_iter().filter(concerns).collect()
    }

    /// The name it has in reports.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Registered => "registered",
            Rule::Example => "example",
            Rule::Nonsense => "nonsense",
            Rule::CertifiedValue => "certified-value",
            Rule::CertifiedCeiling => "certified-ceiling",
            Rule::Claims => "claims",
            Rule::Sandwich => "sandwich",
            Rule::Gradient => "gradient",
            Rule::NoLeak => "no-leak",
            Rule::Deterministic => "deterministic",
            Rule::BatchOrder => "batch-order",
            Rule::SmallShapes => "small-shapes",
            Rule::ExtremeInputs => "extreme-inputs",
            Rule::State => "state",
            Rule::Geometries => "geometries",
            Rule::Modes => "modes",
        }
    }

    /// What it demands, in a line.
    pub fn demand(self) -> &'static str {
        match self {
            Rule::Registered => "the name is registered, and once",
            Rule::Example => "the example parses, survives JSON, and unknown keys are refused",
            Rule::Nonsense => "numbers that make no sense are refused, and none makes it panic",
            Rule::CertifiedValue => "a certified value is on its side of the exact one",
            Rule::CertifiedCeiling => "a certified ceiling of the entropy is above the exact one",
            Rule::Claims => "nothing is claimed certified where nothing can hold",
            Rule::Sandwich => "lower <= exact <= upper with every certified counterpart",
            Rule::Gradient => "the gradient is that of the value",
            Rule::NoLeak => "no gradient reaches what the bound does not train",
            Rule::Deterministic => "the value is a function of weights, seed and step",
            Rule::BatchOrder => "the order of the batch does not matter",
            Rule::SmallShapes => "one sample or one dimension: a finite value or a typed error",
            Rule::ExtremeInputs => "extreme inputs never panic, and nothing infinite passes for finite",
            Rule::State => "what is saved and loaded is all that a value depends on",
            Rule::Geometries => "fixed and runtime axes give the same value",
            Rule::Modes => "training and evaluation have the same value, where they claim the same",
        }
    }
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
    fn names_are_those_of_the_serialised_form() {
        for rule in Rule::of(Side::Lower) {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
        }
        assert!(!Rule::of(Side::Upper).contains(&Rule::CertifiedCeiling));
    }
}
