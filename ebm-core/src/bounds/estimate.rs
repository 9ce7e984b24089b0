use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use super::{Guarantee, Level};
use crate::device::{PerSample, Real, Scalar, values};
use crate::kernels;
use crate::tape::SharedTape;

/// A measured value in nats, as it is logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Measurement {
    /// The estimate, in nats.
    pub value: f64,
    /// Standard error of the estimate over the batch, in nats; infinite for fewer than 2 samples.
    pub standard_error: f64,
    /// Number of samples it was computed from.
    pub samples: usize,
    /// The claim that holds for the value; none stronger than heuristic where the value is not finite.
    pub guarantee: Guarantee,
    /// Named numbers that explain the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<(String, f64)>,
}

impl Measurement {
    /// Mean and standard error of per-sample values.
    pub fn of(values: impl IntoIterator<Item = f64>, guarantee: Guarantee) -> Self {
        let (mut n, mut mean, mut squares) = (0usize, 0.0, 0.0);
        // Welford: one pass, no cancellation.
        for value in values {
            n += 1;
            let delta = value - mean;
            mean += delta / n as f64;
            squares += delta * (value - mean);
        }
        let standard_error = match n {
            0 | 1 => f64::INFINITY,
            _ => (squares / (n - 1) as f64 / n as f64).sqrt(),
        };
        Self::new(if n == 0 { f64::NAN } else { mean }, standard_error, n, guarantee)
    }

    /// A value that was estimated otherwise, with its standard error.
    pub fn new(value: f64, standard_error: f64, samples: usize, guarantee: Guarantee) -> Self {
        Self { value, standard_error, samples, guarantee, diagnostics: Vec::new() }.settled()
    }

    /// The same measurement; without its claim if the value is NaN or infinite, about which nothing can be claimed.
    pub fn settled(mut self) -> Self {
        if !self.value.is_finite() {
            self.guarantee = Guarantee::heuristic("the value is not finite, so nothing is claimed");
        }
        self
    }

    /// The same of the value plus a constant.
    pub fn plus(mut self, constant: f64) -> Self {
        self.value += constant;
        self.settled()
    }

    /// The strength of the claim; `None` if the value is not finite.
    pub fn level(&self) -> Option<Level> {
        self.value.is_finite().then_some(self.guarantee.level)
    }

    /// A value that does not depend on the samples: its standard error is 0.
    pub fn exact(value: f64, samples: usize, guarantee: Guarantee) -> Self {
        Self::new(value, 0.0, samples, guarantee)
    }

    /// The measurement of all samples of several parts, from those of the parts: mean and standard error as if they had been
    /// measured together. Its guarantee is the weakest of the parts'; diagnostics are means over the samples.
    pub fn pooled(parts: &[Self]) -> Option<Self> {
        let first = parts.first()?;
        if parts.len() == 1 {
            // Itself, to the last bit.
            return Some(first.clone());
        }
        let weight = |part: &Self| part.samples.max(1) as f64;
        let all: f64 = parts.iter().map(weight).sum();
        let mean = |of: &dyn Fn(&Self) -> f64| parts.iter().map(|part| weight(part) * of(part)).sum::<f64>() / all;
        let value = mean(&|part| part.value);
        // Squares around the parts' own means, and of these around the whole's.
        let squares = |part: &Self| {
            let n = weight(part);
            let within = match part.samples {
                0 | 1 => 0.0,
                _ => part.standard_error.powi(2) * n * (n - 1.0),
            };
            within + n * (part.value - value).powi(2)
        };
        let standard_error = (parts.iter().map(squares).sum::<f64>() / (all - 1.0) / all).sqrt();
        let diagnostic = |(index, (name, _)): (usize, &(String, f64))| {
            let of = |part: &Self| part.diagnostics.get(index).map_or(f64::NAN, |(_, value)| *value);
            (name.clone(), mean(&of))
        };
        let guarantees = parts.iter().map(|part| part.guarantee.clone());
        let pooled = Self {
            value,
            standard_error,
            samples: parts.iter().map(|part| part.samples).sum(),
            guarantee: guarantees.reduce(Guarantee::and)?,
            diagnostics: first.diagnostics.iter().enumerate().map(diagnostic).collect(),
        };
        Some(pooled.settled())
    }

    /// Adds a named number.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.diagnostics.push((name.into(), value));
        self
    }
}

/// The value of a bound on a batch: on the tape, and as a measurement.
///
/// It is a mean over the samples of the batch, so that the mean of the estimates on equal parts of a batch is the estimate on
/// the whole, unless [`Estimate::coupled`] says why not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Estimate {
    /// The scalar to differentiate, in nats. It may carry a training weight that the measurement does not.
    pub value: Scalar<SharedTape>,
    /// The value to report.
    pub measurement: Measurement,
    /// The reason why it is not a mean over the samples; `None` if it is one.
    pub coupling: Option<Cow<'static, str>>,
}

impl Estimate {
    /// An estimate from the differentiated value and the reported one.
    pub fn new(value: Scalar<SharedTape>, measurement: Measurement) -> Self {
        Self { value, measurement, coupling: None }
    }

    /// Declares the value not to be a mean over the samples of the batch, and says in a few words why.
    pub fn coupled(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        self.coupling = Some(why.into());
        self
    }

    /// The mean of per-sample values `[B]`.
    pub fn mean_of(per_sample: PerSample<SharedTape>, guarantee: Guarantee) -> Self {
        let measurement = Measurement::of(values(&per_sample).into_iter().map(f64::from), guarantee);
        Self::new(kernels::mean(per_sample), measurement)
    }

    /// The mean of per-sample values `[B]`, as an unbiased estimate of the expectation: certified.
    pub fn sample_mean(values: PerSample<SharedTape>) -> Self {
        Self::mean_of(values, Guarantee::certified("unbiased sample mean"))
    }

    /// Adds a constant to the value.
    pub fn plus(mut self, constant: f64) -> Self {
        self.value = self.value + constant as Real;
        self.measurement = self.measurement.plus(constant);
        self
    }

    /// Adds a named number to the measurement.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.measurement = self.measurement.with(name, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_error_is_the_sample_deviation_over_root_n() {
        let m = Measurement::of([1.0, 2.0, 3.0, 4.0], Guarantee::heuristic("test"));
        // Sample variance 5/3, divided by 4.
        assert!((m.value - 2.5).abs() < 1e-15);
        assert!((m.standard_error - (5.0f64 / 12.0).sqrt()).abs() < 1e-15);
        assert_eq!(m.samples, 4);
        let one = Measurement::of([1.0], Guarantee::heuristic("test"));
        assert_eq!((one.value, one.standard_error), (1.0, f64::INFINITY));
    }

    #[test]
    fn a_value_that_is_not_finite_carries_no_claim() {
        let certified = || Guarantee::certified("test");
        let finite = Measurement::exact(1.0, 2, certified());
        assert_eq!(finite.level(), Some(Level::Certified));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let none = Measurement::exact(value, 2, certified());
            assert_eq!((none.level(), none.guarantee.level), (None, Level::Heuristic));
            let pooled = Measurement::pooled(&[finite.clone(), none]).unwrap();
            assert_eq!((pooled.level(), pooled.guarantee.level), (None, Level::Heuristic));
        }
        assert_eq!(Measurement::of([], certified()).level(), None);
        let value = SharedTape::off().constant(1.0);
        let moved = Estimate::new(value, finite).plus(f64::INFINITY).measurement;
        assert_eq!((moved.level(), moved.guarantee.level), (None, Level::Heuristic));
    }

    #[test]
    fn parts_are_pooled_to_what_all_samples_give() {
        let values = [1.0, -2.0, 3.5, 4.0, 0.25, 7.0, -1.0];
        let certified = || Guarantee::certified("test");
        let whole = Measurement::of(values, certified()).with("median", 1.0);
        let part = |range: std::ops::Range<usize>| Measurement::of(values[range].iter().copied(), certified());
        let parts = [part(0..3).with("median", 0.0), part(3..6).with("median", 0.0), part(6..7).with("median", 7.0)];
        let pooled = Measurement::pooled(&parts).unwrap();
        assert_eq!(pooled.samples, 7);
        assert!((pooled.value - whole.value).abs() < 1e-14);
        assert!((pooled.standard_error - whole.standard_error).abs() < 1e-14);
        assert_eq!(pooled.diagnostics, whole.diagnostics);
        assert_eq!(Measurement::pooled(&parts[..1]).unwrap(), parts[0]);
        assert_eq!(Measurement::pooled(&[]), None);

        let (mut parts, tuned) = (parts, Guarantee::heuristic("tuned"));
        parts[1].guarantee = tuned.clone();
        assert_eq!(Measurement::pooled(&parts).unwrap().guarantee, tuned);
    }
}
