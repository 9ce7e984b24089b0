//! One reported number.

use ebm_core::bounds::{Guarantee, Measurement};
use serde::{Deserialize, Serialize};

use super::null_is_nan::nan_at_null;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Natural logarithms: nats per sample.
    Nats,
    /// A share between 0 and 1.
    Share,
    /// A number of things.
    Count,
    /// A number without a unit, or in squared units of features.
    Number,
}

/// A number with everything needed to judge it. A value that is not finite is `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Figure {
    /// Its key, such as `nll`.
    pub name: String,
    /// What it is, for people.
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
    /// What may be claimed about it, where a claim is made.
    pub guarantee: Option<Guarantee>,
    /// How it was computed.
    pub protocol: String,
    /// Named figures that explain the value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<(String, f64)>,
}

impl Figure {
    /// A measurement in nats.
    pub(super) fn nats(name: &str, label: &str, measurement: &Measurement, protocol: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            value: measurement.value,
            unit: Unit::Nats,
            standard_error: Some(measurement.standard_error).filter(|e| e.is_finite()),
            samples: measurement.samples,
            guarantee: Some(measurement.guarantee.clone()),
            protocol: protocol.into(),
            diagnostics: measurement.diagnostics.clone(),
        }
    }

    /// A number without a claim.
    pub(crate) fn plain(
        name: &str,
        label: &str,
        (value, unit): (f64, Unit),
        (standard_error, samples): (Option<f64>, usize),
        protocol: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            value,
            unit,
            standard_error,
            samples,
            guarantee: None,
            protocol: protocol.into(),
            diagnostics: Vec::new(),
        }
    }

    /// The figure as a measurement, for observers of a training run.
    pub fn measurement(&self) -> Measurement {
        let claim = || Guarantee::heuristic(self.protocol.clone());
        // A measurement without an error has one that is not finite; a plain number has none.
        let error = if self.guarantee.is_some() { f64::INFINITY } else { 0.0 };
        let error = self.standard_error.unwrap_or(error);
        let guarantee = self.guarantee.clone().unwrap_or_else(claim);
        let mut measurement = Measurement::new(self.value, error, self.samples, guarantee);
        measurement.diagnostics.clone_from(&self.diagnostics);
        measurement
    }
}
