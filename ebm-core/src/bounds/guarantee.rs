use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The strength of a claim, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Useful for training; no claim.
    Heuristic,
    /// A bound in a stated limit only.
    Asymptotic,
    /// A bound, in expectation over the batch.
    Certified,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Heuristic => "heuristic",
            Level::Asymptotic => "asymptotic",
            Level::Certified => "certified",
        })
    }
}

/// A claim about a value, with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Guarantee {
    /// The strength of the claim.
    pub level: Level,
    /// The reason why it holds, or why nothing stronger does.
    pub reason: Cow<'static, str>,
}

impl Guarantee {
    /// The value is on the stated side of the truth, in expectation.
    pub fn certified(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Level::Certified, reason)
    }
    /// The value is a bound in a limit that the reason names.
    pub fn asymptotic(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Level::Asymptotic, reason)
    }
    /// No claim.
    pub fn heuristic(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Level::Heuristic, reason)
    }

    fn new(level: Level, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { level, reason: reason.into() }
    }

    /// The claim that can be made about a sum of two bounds: the weaker of the two.
    pub fn and(self, other: Guarantee) -> Guarantee {
        if other.level < self.level { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_claimed_no_more_strongly_than_its_weaker_term() {
        let strong = Guarantee::certified("exact");
        let weak = Guarantee::heuristic("tuned");
        assert_eq!(strong.clone().and(weak.clone()), weak);
        assert_eq!(weak.clone().and(strong.clone()), weak);
        assert!(Level::Heuristic < Level::Asymptotic && Level::Asymptotic < Level::Certified);
    }
}
