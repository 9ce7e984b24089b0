use ebm_core::bounds::{Guarantee, Measurement};
use ebm_train::metric::Unit;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;

/// The value of a metric with everything needed to judge it. A value that is not finite is `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MetricValue {
    /// The name, such as `nll`.
    pub name: String,
    /// A description for people.
    pub label: String,
    /// The value.
    #[serde(deserialize_with = "nan_at_null")]
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// Standard error over the samples; absent where there is none.
    pub standard_error: Option<f64>,
    /// Number of samples (or grid points) it was computed from.
    pub samples: usize,
    /// The claim that is made about it, if any; none where it is not finite.
    pub guarantee: Option<Guarantee>,
    /// A description of how it was computed.
    pub protocol: String,
    /// Named numbers that explain the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<(String, f64)>,
}

impl MetricValue {
    /// A number without a standard error and without a claim.
    pub fn new(
        name: &str,
        label: &str,
        (value, unit): (f64, Unit),
        samples: usize,
        protocol: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            value,
            unit,
            standard_error: None,
            samples,
            guarantee: None,
            protocol: protocol.into(),
            diagnostics: Vec::new(),
        }
    }

    /// A measurement in nats, without its claim if it is not finite.
    pub fn nats(name: &str, label: &str, measurement: &Measurement, protocol: impl Into<String>) -> Self {
        Self {
            guarantee: measurement.level().map(|_| measurement.guarantee.clone()),
            diagnostics: measurement.diagnostics.clone(),
            ..Self::new(name, label, (measurement.value, Unit::Nats), measurement.samples, protocol)
        }
        .with_error(measurement.standard_error)
    }

    /// Sets the standard error, if it is finite.
    pub fn with_error(mut self, error: f64) -> Self {
        self.standard_error = Some(error).filter(|error| error.is_finite());
        self
    }

    /// Adds a named number that explains the value.
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.diagnostics.push((name.into(), value));
        self
    }

    /// The value as a measurement, for observers of a training run.
    pub fn measurement(&self) -> Measurement {
        let claim = || Guarantee::heuristic(self.protocol.clone());
        // A measurement without an error has one that is not finite; a plain number has none.
        let error = if self.guarantee.is_some() || !self.value.is_finite() { f64::INFINITY } else { 0.0 };
        let error = self.standard_error.unwrap_or(error);
        let guarantee = self.guarantee.clone().unwrap_or_else(claim);
        let mut measurement = Measurement::new(self.value, error, self.samples, guarantee);
        measurement.diagnostics.clone_from(&self.diagnostics);
        measurement
    }
}

/// Reads a number, and NaN for the `null` that JSON has for one that is not finite.
///
/// # Errors
/// If there is anything else.
pub fn nan_at_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(number)
}

/// Named numbers; NaN for each `null`.
///
/// # Errors
/// If there is anything else.
pub fn nan_at_null_in_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let read = BTreeMap::<String, Option<f64>>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|(name, value)| (name, number(value))).collect())
}

/// Two numbers, if they are there; NaN for each `null` of the two.
pub(crate) fn nan_at_null_in_pair<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<(f64, f64)>, D::Error> {
    let read = Option::<(Option<f64>, Option<f64>)>::deserialize(deserializer)?;
    Ok(read.map(|(first, second)| (number(first), number(second))))
}

fn number(read: Option<f64>) -> f64 {
    read.unwrap_or(f64::NAN)
}
