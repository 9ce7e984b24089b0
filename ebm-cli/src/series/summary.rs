//! The runs of one point together: their states, and mean and deviation of their metrics.

use serde::Serialize;
use std::collections::BTreeMap;

use super::outcome::{Outcome, State};

/// Mean and sample standard deviation of one metric over runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub mean: f64,
    /// The sample standard deviation, `sqrt(sum (v - mean)^2 / (n - 1))`; absent for one run.
    pub standard_deviation: Option<f64>,
    pub runs: usize,
}

impl Spread {
    /// The standard error of the mean, `sd / sqrt(n)`; absent for one run.
    pub fn standard_error(&self) -> Option<f64> {
        let root = (self.runs as f64).sqrt();
        self.standard_deviation.map(|deviation| deviation / root)
    }

    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let standard_deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        Self { mean, standard_deviation, runs: values.len() }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub runs: usize,
    /// The number of runs in each state, by the state's word, in the order of their first.
    pub states: Vec<(&'static str, usize)>,
    /// Metrics over the runs that are done and have them.
    pub spreads: BTreeMap<String, Spread>,
}

impl Summary {
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut summary = Self::default();
        let mut values: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for outcome in outcomes {
            summary.runs += 1;
            let word = outcome.state.word();
            match summary.states.iter_mut().find(|(known, _)| *known == word) {
                Some((_, count)) => *count += 1,
                None => summary.states.push((word, 1)),
            }
            let done = outcome.state == State::Done;
            for (name, value) in outcome.metrics.iter().filter(|_| done) {
                values.entry(name).or_default().push(*value);
            }
        }
        let spreads = values.into_iter().map(|(name, values)| (name.into(), Spread::of(&values)));
        summary.spreads = spreads.collect();
        summary
    }

    pub fn count(&self, word: &str) -> usize {
        let found = self.states.iter().find(|(known, _)| *known == word);
        found.map_or(0, |(_, count)| *count)
    }

    pub fn mean(&self, metric: &str) -> Option<f64> {
        self.spreads.get(metric).map(|spread| spread.mean)
    }

    /// Whether every run is done and has the metric. One that is not finite is left out, and a mean of the others is not the
    /// mean of the point.
    pub fn is_complete(&self, metric: &str) -> bool {
        self.spreads.get(metric).is_some_and(|spread| spread.runs == self.runs)
    }
}

/// A number with a fixed number of decimals, in powers of ten where it is large.
pub fn number(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e5 || value.is_nan() { format!("{value:.2e}") } else { format!("{value:.decimals$}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        // The textbook sample: sum of squares 32, so 32 / 7.
        assert_eq!((spread.mean, spread.runs), (5.0, 8));
        assert!((spread.standard_deviation.unwrap() - (32.0f64 / 7.0).sqrt()).abs() < 1e-15);
        // sqrt(32 / 7) / sqrt(8) = sqrt(4 / 7).
        assert!((spread.standard_error().unwrap() - (4.0f64 / 7.0).sqrt()).abs() < 1e-15);
        let one = Spread::of(&[3.0]);
        assert_eq!((one.standard_deviation, one.standard_error()), (None, None));
    }
}
