use ebm_core::bounds::{Guarantee, Measurement};
use ebm_train::Evaluation;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::metric::{nan_at_null, nan_at_null_in_pair};

/// A bound may be on the wrong side of the truth by this many standard errors before it is said not to hold: it is a
/// statement about an expectation, and this is one estimate of it.
pub const STANDARD_ERRORS: f64 = 4.0;

/// The diagnostic of the exact likelihood that tells the error of its quadrature, in nats.
const QUADRATURE_ERROR: &str = "quadrature_error";

/// A bound beside the exact negative log-likelihood. All values are in nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Whether the bound is on its side of the exact value, within `tolerance`; absent where one of the two is not finite. Read it by
    /// [`Side::verdict`]: earlier versions wrote a verdict there, too.
    pub held: Option<bool>,
    /// How far it is on the wrong side; negative on the right one.
    #[serde(deserialize_with = "nan_at_null")]
    pub excess: f64,
    /// [`STANDARD_ERRORS`] standard errors of the difference, and the error of the quadrature.
    #[serde(deserialize_with = "nan_at_null")]
    pub tolerance: f64,
    /// The bound's estimate.
    #[serde(deserialize_with = "nan_at_null")]
    pub bound: f64,
    /// What is claimed about the bound.
    pub guarantee: Guarantee,
}

/// The exact negative log-likelihood between its bounds, at one evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sandwich {
    /// The exact value, in nats.
    #[serde(deserialize_with = "nan_at_null")]
    pub nll: f64,
    /// The lower bound, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower: Option<Side>,
    /// The upper bound, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upper: Option<Side>,
    /// Upper minus lower bound and its standard error, in nats, where there are both.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nan_at_null_in_pair")]
    pub gap: Option<(f64, f64)>,
}

impl Sandwich {
    /// Judges the figures `lower`, `nll`, `upper` and `gap` of an evaluation. `None` without an exact value, or without a
    /// bound to compare it with.
    ///
    /// The errors of bound and likelihood are taken for independent: both are means over samples of their own.
    pub fn of(evaluation: &Evaluation) -> Option<Self> {
        let nll = evaluation.get("nll").filter(|nll| nll.value.is_finite())?;
        let side = |name: &str, wrong: f64| Some(Side::of(evaluation.get(name)?, nll, wrong));
        let (lower, upper) = (side("lower", 1.0), side("upper", -1.0));
        if lower.is_none() && upper.is_none() {
            return None;
        }
        Some(Self {
            nll: nll.value,
            lower,
            upper,
            gap: evaluation.get("gap").map(|gap| (gap.value, gap.standard_error)),
        })
    }

    /// Whether every bound there is held; `None` if none is broken and one has no verdict.
    pub fn held(&self) -> Option<bool> {
        let verdicts: Vec<Option<bool>> = self.sides().map(|(_, side)| side.verdict()).collect();
        match verdicts.contains(&Some(false)) {
            true => Some(false),
            false => verdicts.iter().all(Option::is_some).then_some(true),
        }
    }

    /// The bounds there are, by name.
    pub fn sides(&self) -> impl Iterator<Item = (&'static str, &Side)> {
        let lower = self.lower.iter().map(|side| ("lower", side));
        lower.chain(self.upper.iter().map(|side| ("upper", side)))
    }
}

impl Side {
    /// `wrong` is 1 where a bound above the exact value is on the wrong side, -1 where one below it is.
    fn of(bound: &Measurement, nll: &Measurement, wrong: f64) -> Self {
        let quadrature = nll.diagnostics.iter().find(|(name, _)| name == QUADRATURE_ERROR);
        let chance = STANDARD_ERRORS * bound.standard_error.hypot(nll.standard_error);
        let tolerance = chance + quadrature.map_or(0.0, |(_, error)| *error);
        let excess = wrong * (bound.value - nll.value);
        let judged = excess.is_finite() && tolerance.is_finite();
        Self {
            held: judged.then_some(excess <= tolerance),
            excess,
            tolerance,
            bound: bound.value,
            guarantee: bound.guarantee.clone(),
        }
    }

    /// Whether the bound is on its side of the exact value; `None` without finite numbers to judge by.
    pub fn verdict(&self) -> Option<bool> {
        self.held.filter(|_| self.excess.is_finite() && self.tolerance.is_finite())
    }

    fn words(&self) -> String {
        let level = self.guarantee.level;
        match self.verdict() {
            None => "no verdict".into(),
            Some(true) => format!("held ({level})"),
            Some(false) => format!("NOT held, by {} nats ({level})", nats(self.excess)),
        }
    }
}

/// One line: each bound, its verdict and its claim, and the gap.
impl fmt::Display for Sandwich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nll = nats(self.nll);
        match &self.lower {
            Some(side) => write!(f, "lower {} <= NLL {nll}: {}", nats(side.bound), side.words())?,
            None => f.write_str("no lower bound")?,
        }
        match &self.upper {
            Some(side) => write!(f, "; NLL {nll} <= upper {}: {}", nats(side.bound), side.words())?,
            None => f.write_str("; no upper bound")?,
        }
        match self.gap {
            Some((gap, error)) => write!(f, "; gap {} +- {} nats", nats(gap), nats(error)),
            None => Ok(()),
        }
    }
}

fn nats(value: f64) -> String {
    if value.abs() < 1e4 { format!("{value:.3}") } else { format!("{value:.2e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: f64, standard_error: f64) -> Measurement {
        Measurement::new(value, standard_error, 100, Guarantee::certified("test"))
    }

    fn evaluation(figures: &[(&str, f64)]) -> Evaluation {
        let figure = |(name, value): &(&str, f64)| (name.to_string(), measured(*value, 0.03));
        figures.iter().map(figure).collect()
    }

    #[test]
    fn a_side_holds_within_four_standard_errors_of_the_difference_and_the_quadrature() {
        // The difference has a standard error of 0.05.
        let judged = |lower: f64, quadrature: f64| {
            let nll = measured(1.0, 0.04).with(QUADRATURE_ERROR, quadrature);
            let figures = [("nll".to_string(), nll), ("lower".to_string(), measured(lower, 0.03))];
            Sandwich::of(&Evaluation::from(figures)).unwrap().lower.unwrap()
        };
        assert!((judged(0.9, 0.0).excess + 0.1).abs() < 1e-12);
        assert!((judged(0.9, 0.5).tolerance - 0.7).abs() < 1e-12);
        for (lower, quadrature, held) in [(0.5, 0.0, true), (1.19, 0.0, true), (1.21, 0.0, false), (1.21, 0.02, true)] {
            assert_eq!(judged(lower, quadrature).verdict(), Some(held), "{lower} {quadrature}");
        }
    }

    #[test]
    fn what_is_not_finite_gets_no_verdict() {
        let nll = || ("nll".to_string(), measured(1.0, 0.03));
        let upper = |value, error| ("upper".to_string(), measured(value, error));
        for (value, error) in [(f64::NAN, 0.03), (f64::INFINITY, 0.03), (f64::NEG_INFINITY, 0.03), (2.0, f64::INFINITY)]
        {
            let sandwich = Sandwich::of(&Evaluation::from([nll(), upper(value, error)])).unwrap();
            assert_eq!((sandwich.held(), sandwich.upper.as_ref().unwrap().verdict()), (None, None));
            let told = sandwich.to_string();
            assert!(told.ends_with(": no verdict") && !told.contains("certified"), "{told}");
            let json = serde_json::to_value(&sandwich).unwrap();
            assert!(json["upper"]["held"].is_null(), "{json}");
        }
        let told = Sandwich::of(&Evaluation::from([nll(), upper(f64::NAN, 0.03)])).unwrap().to_string();
        assert_eq!(told, "no lower bound; NLL 1.000 <= upper NaN: no verdict");
        // As the first release wrote it.
        let side = r#"{"held": false, "excess": null, "tolerance": null, "bound": null, "guarantee": {"level": "certified", "reason": ""}}"#;
        assert_eq!(serde_json::from_str::<Side>(side).unwrap().verdict(), None);
        // A bound that is broken is broken, whatever the other is.
        let lower = ("lower".to_string(), measured(2.0, 0.03));
        let sandwich = Sandwich::of(&Evaluation::from([nll(), lower, upper(f64::NAN, 0.03)])).unwrap();
        assert_eq!(sandwich.held(), Some(false));
    }

    #[test]
    fn the_sides_are_judged_apart_and_there_is_no_verdict_without_an_exact_value_or_a_bound() {
        let sandwich =
            Sandwich::of(&evaluation(&[("nll", 1.0), ("lower", 2.0), ("upper", 3.0), ("gap", 1.0)])).unwrap();
        let held: Vec<_> = sandwich.sides().map(|(name, side)| (name, side.verdict())).collect();
        assert_eq!(held, [("lower", Some(false)), ("upper", Some(true))]);
        assert_eq!(sandwich.held(), Some(false));
        assert_eq!(
            sandwich.to_string(),
            "lower 2.000 <= NLL 1.000: NOT held, by 1.000 nats (certified); NLL 1.000 <= upper 3.000: held (certified); \
             gap 1.000 +- 0.030 nats"
        );
        let one = Sandwich::of(&evaluation(&[("nll", 1.0), ("lower", 0.5)])).unwrap();
        assert!(one.held() == Some(true) && one.upper.is_none());
        assert_eq!(one.to_string(), "lower 0.500 <= NLL 1.000: held (certified); no upper bound");
        let json = serde_json::to_value(&one).unwrap();
        assert!(json.get("upper").is_none() && json["lower"]["held"] == true, "{json}");
        assert_eq!(Sandwich::of(&evaluation(&[("lower", 0.5), ("upper", 2.0)])), None);
        assert_eq!(Sandwich::of(&evaluation(&[("nll", 1.0)])), None);
        assert_eq!(Sandwich::of(&evaluation(&[("nll", f64::INFINITY), ("lower", 0.0)])), None);
    }
}
