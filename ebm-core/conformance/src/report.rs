use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Rule, Side};

/// The findings about a bound, rule by rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The kind of bound.
    pub side: Side,
    /// The name it is registered under.
    pub name: String,
    /// Random situations a rule.
    pub cases: u32,
    /// Seed of the situations.
    pub seed: u64,
    /// One entry a rule.
    pub entries: Vec<Entry>,
}

impl Report {
    /// Whether any rule was broken.
    pub fn failed(&self) -> bool {
        self.broken().next().is_some()
    }

    /// The rules that were broken.
    pub fn broken(&self) -> impl Iterator<Item = Rule> {
        let failed = |entry: &&Entry| matches!(entry.outcome, Outcome::Failed(_));
        self.entries.iter().filter(failed).map(|entry| entry.rule)
    }
}

/// The finding about one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The rule.
    pub rule: Rule,
    /// The finding.
    pub outcome: Outcome,
}

/// How a rule fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was kept in every case that it speaks of.
    Passed {
        /// Number of such cases.
        cases: u32,
    },
    /// It was broken.
    Failed(Violation),
    /// It does not speak of this bound.
    NotApplicable {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    pub(super) fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable { reason: reason.into() }
    }
}

/// A case in which a rule was broken, the smallest that was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Violation {
    /// The situation; empty where the rule is not about one.
    pub case: String,
    /// The number found, where there is one and it is finite.
    pub found: Option<f64>,
    /// The number it is compared with.
    pub expected: Option<f64>,
    /// The fault.
    pub message: String,
}

impl Violation {
    /// One that no numbers belong to.
    pub(super) fn told(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// One of two numbers.
    pub(super) fn of(found: f64, expected: f64, message: impl Into<String>) -> Self {
        let finite = |number: f64| number.is_finite().then_some(number);
        Self { found: finite(found), expected: finite(expected), ..Self::told(message) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let (Some(found), Some(expected)) = (self.found, self.expected) {
            write!(f, " (found {found}, compared with {expected})")?;
        }
        if !self.case.is_empty() {
            write!(f, "; smallest case: {}", self.case)?;
        }
        Ok(())
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Passed { cases } => write!(
                f,
                "passed  {:18} {} ({cases} {})",
                self.rule,
                self.rule.demand(),
                if *cases == 1 { "case" } else { "cases" }
            ),
            Outcome::Failed(violation) => {
                write!(f, "FAILED  {:18} {}\n        {violation}", self.rule, self.rule.demand())
            }
            Outcome::NotApplicable { reason } => write!(f, "  -     {:18} does not apply: {reason}", self.rule),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {:?}, {} cases a rule, seed {}", self.side, self.name, self.cases, self.seed)?;
        for entry in &self.entries {
            writeln!(f, "{entry}")?;
        }
        match self.broken().count() {
            0 => write!(f, "no rule is broken"),
            1 => write!(f, "1 rule is broken"),
            n => write!(f, "{n} rules are broken"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_the_rule_the_numbers_and_the_case_and_survives_json() {
        let violation = Violation { case: "a case".into(), ..Violation::of(2.5, 1.5, "too high") };
        let report = Report {
            side: Side::Lower,
            name: "mine".into(),
            cases: 3,
            seed: 7,
            entries: vec![
                Entry { rule: Rule::Example, outcome: Outcome::Passed { cases: 1 } },
                Entry { rule: Rule::CertifiedValue, outcome: Outcome::Failed(violation) },
            ],
        };
        assert!(report.failed());
        let text = report.to_string();
        for part in ["mine", "FAILED  certified-value", "2.5", "1.5", "a case", "1 rule is broken"] {
            assert!(text.contains(part), "{text}");
        }
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    }
}
