use ebm_core::bounds::Measurement;
use ebm_train::{Evaluation, StepReport};
use std::fmt;

use crate::numerals::short;

/// The current lower bound, negative log-likelihood and upper bound, in nats, and the share of good samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    lower: Option<f64>,
    nll: Option<f64>,
    upper: Option<f64>,
    good_share: Option<f64>,
}

impl Status {
    /// Takes the bounds of a report.
    pub fn report(&mut self, report: &StepReport) {
        let value = |measurement: &Option<Measurement>| measurement.as_ref().map(|m| m.value);
        self.lower = value(&report.lower).or(self.lower);
        self.upper = value(&report.upper).or(self.upper);
    }

    /// Takes the likelihood of an evaluation; one that could not be had is not shown any longer.
    pub fn evaluation(&mut self, evaluation: &Evaluation) {
        *self = Self { lower: self.lower, upper: self.upper, ..Self::of(evaluation) };
    }

    /// The likelihood and the bounds of an evaluation.
    pub fn of(evaluation: &Evaluation) -> Self {
        let value = |name: &str| evaluation.get(name).map(|m| m.value);
        Self { lower: value("lower"), nll: value("nll"), upper: value("upper"), good_share: value("good_share") }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nats = |value: Option<f64>| value.map_or("-".into(), |value| short(value, 3));
        let (lower, nll, upper) = (nats(self.lower), nats(self.nll), nats(self.upper));
        write!(f, "lower {lower} | NLL {nll} | upper {upper} nats")?;
        self.good_share.iter().try_for_each(|share| write!(f, " | good samples {:.0} %", 100.0 * share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::Guarantee;

    #[test]
    fn what_is_not_known_is_a_dash_and_what_is_large_is_short() {
        let measured = |value: f64| Measurement::of([value, value], Guarantee::heuristic("test"));
        let mut status = Status::default();
        assert_eq!(status.to_string(), "lower - | NLL - | upper - nats");
        status.report(&StepReport {
            lower: Some(measured(-1.23456)),
            upper: Some(measured(3e7)),
            ..Default::default()
        });
        let (nll, good_share) = (("nll".into(), measured(0.5)), ("good_share".into(), measured(0.516)));
        status.evaluation(&Evaluation::from([nll, good_share]));
        let told = "lower -1.235 | NLL 0.500 | upper 3.00e7 nats | good samples 52 %";
        assert_eq!(status.to_string(), told);
    }
}
