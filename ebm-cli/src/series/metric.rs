//! The metrics that runs are compared by: how they are shown, and which values are better.

use super::summary::number;

/// A metric of the evaluations.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its key in an evaluation.
    pub name: &'static str,
    /// The head of its column.
    pub head: &'static str,
    /// Decimals of the value of one run.
    pub decimals: usize,
    /// Whether a share is shown in percent.
    pub percent: bool,
    more_is_better: bool,
    /// Whether tables show it without being asked to.
    pub shown: bool,
}

/// The metrics that are known by name; of any other, less is better.
pub const METRICS: [Metric; 16] = [
    Metric::less("nll", "exact NLL, nats", 3),
    Metric::less("lower", "lower, nats", 3),
    Metric::less("upper", "upper, nats", 3),
    Metric::less("gap", "gap, nats", 3),
    Metric::more("modes_covered", "modes", 0),
    Metric { percent: true, ..Metric::more("good_share", "good samples", 1) },
    Metric::more("stacked_modes", "stacked modes", 0),
    Metric::less("stacked_kl", "stacked KL, nats", 3),
    Metric::less("classifier_frechet", "classifier Fréchet distance", 3),
    Metric::hidden("least_mode_share"),
    Metric::hidden("classifier_score"),
    Metric::hidden("classifier_accuracy"),
    Metric::hidden("precision"),
    Metric::hidden("recall"),
    Metric::hidden("density"),
    Metric::hidden("coverage"),
];

impl Metric {
    const fn less(name: &'static str, head: &'static str, decimals: usize) -> Self {
        Self { name, head, decimals, percent: false, more_is_better: false, shown: true }
    }

    const fn more(name: &'static str, head: &'static str, decimals: usize) -> Self {
        Self { more_is_better: true, ..Self::less(name, head, decimals) }
    }

    /// A metric of which more is better, shown in tables only on request.
    const fn hidden(name: &'static str) -> Self {
        Self { shown: false, ..Self::more(name, name, 3) }
    }

    /// The metric of a name, if it is known.
    pub fn find(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// The factor that values are multiplied by for display.
    pub fn factor(&self) -> f64 {
        if self.percent { 100.0 } else { 1.0 }
    }

    /// A value as people read it, without its unit.
    pub fn number(&self, value: f64, decimals: usize) -> String {
        number(value * self.factor(), decimals)
    }

    /// Whether more of a metric is better.
    pub fn more_is_better(name: &str) -> bool {
        Self::find(name).is_some_and(|metric| metric.more_is_better)
    }
}

/// The rank of a value of a metric: less is better, and without a value it is the worst.
pub fn rank(name: &str, value: Option<f64>) -> f64 {
    let sign = if Metric::more_is_better(name) { -1.0 } else { 1.0 };
    value.map_or(f64::INFINITY, |value| sign * value)
}
