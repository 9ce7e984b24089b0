use ebm_core::bounds::{Guarantee, Measurement};
use ebm_train::{Fault, Remedy};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{borrow::Cow, collections::BTreeMap, fs::File, io::Read};

use super::{Digest, RunDirectoryError, durable, layout, own, regular};
use ebm_eval::evaluate::{MetricValue, Sandwich, Unit, nan_at_null, nan_at_null_in_map};

/// A value with what is needed to interpret it. JSON has no NaN and no infinity: they are `null`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Metric {
    /// The value.
    #[serde(deserialize_with = "nan_at_null")]
    pub value: f64,
    /// Its unit.
    pub unit: Cow<'static, str>,
    /// Standard error; `null` if the value is not an estimate.
    pub standard_error: Option<f64>,
    /// Number of samples it was computed from; `null` if the value is not an estimate.
    pub samples: Option<usize>,
    /// The claim that holds for the value; `null` if it is not a bound, or not finite.
    pub guarantee: Option<Guarantee>,
    /// Named numbers that explain the value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "nan_at_null_in_map")]
    pub diagnostics: BTreeMap<String, f64>,
}

impl Metric {
    /// A plain number.
    pub fn number(value: f64, unit: &'static str) -> Self {
        Self { value, unit: unit.into(), ..Self::default() }
    }

    /// A metric of an evaluation.
    pub fn figure(figure: &MetricValue) -> Self {
        let unit = match figure.unit {
            Unit::Nats => "nats",
            Unit::Share => "share",
            Unit::Count => "count",
            Unit::Number => "",
        };
        Self {
            value: figure.value,
            unit: unit.into(),
            standard_error: figure.standard_error,
            samples: Some(figure.samples),
            guarantee: figure.guarantee.clone(),
            diagnostics: figure.diagnostics.iter().cloned().collect(),
        }
    }

    /// A measured value.
    pub fn measured(measurement: &Measurement, unit: &'static str) -> Self {
        Self {
            value: measurement.value,
            unit: unit.into(),
            standard_error: Some(measurement.standard_error),
            samples: Some(measurement.samples),
            guarantee: measurement.level().map(|_| measurement.guarantee.clone()),
            diagnostics: measurement.diagnostics.iter().cloned().collect(),
        }
    }

    /// The measurement that was written, with its diagnostics ordered by name.
    ///
    /// A standard error that was not finite is infinite where a claim is made or the value is not finite; another value without a claim
    /// has the error 0 where none was written, as in [`MetricValue::measurement`]. The file does not say how a value without a claim was computed.
    pub fn measurement(&self) -> Measurement {
        let measured = self.guarantee.is_some() || !self.value.is_finite();
        let unclaimed = || Guarantee::heuristic("read from the metrics, which make no claim about it");
        let error = self.standard_error.unwrap_or(if measured { f64::INFINITY } else { 0.0 });
        let guarantee = self.guarantee.clone().unwrap_or_else(unclaimed);
        let measurement = Measurement::new(self.value, error, self.samples.unwrap_or(0), guarantee);
        self.diagnostics.iter().fold(measurement, |measurement, (name, value)| measurement.with(name, *value))
    }
}

/// The growing file of a run's metrics.
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    hash: blake3::Hasher,
}

impl MetricsFile {
    /// Starts the file of a run.
    pub fn create(directory: &Path) -> Result<Self, RunDirectoryError> {
        let path = directory.join(layout::METRICS);
        let file = durable::create(&path).map_err(RunDirectoryError::io(&path, "make the file"))?;
        Ok(Self { path, file, bytes: 0, hash: blake3::Hasher::new() })
    }

    /// Continues the file of a run from the length that a checkpoint recorded, cutting off the rest.
    pub fn resume(directory: &Path, seen: &Digest) -> Result<Self, RunDirectoryError> {
        let hash = Self::check(directory, seen)?;
        let path = directory.join(layout::METRICS);
        let file = durable::cut(&path, seen.bytes).map_err(RunDirectoryError::io(&path, "cut the file"))?;
        Ok(Self { path, file, bytes: seen.bytes, hash })
    }

    /// Checks that the file of a run begins with the content that a checkpoint recorded, and returns its hash.
    pub fn check(directory: &Path, seen: &Digest) -> Result<blake3::Hasher, RunDirectoryError> {
        let path = directory.join(layout::METRICS);
        let mut hash = blake3::Hasher::new();
        let read = regular::open(&path).and_then(|file| std::io::copy(&mut file.take(seen.bytes), &mut hash));
        let bytes = read.map_err(RunDirectoryError::io(&path, "read the file"))?;
        if bytes != seen.bytes || hash.finalize().to_hex().as_str() != seen.blake3 {
            let reason = format!("its first {} bytes are not what the checkpoint saw", seen.bytes);
            return Err(RunDirectoryError::damaged(path, reason));
        }
        Ok(hash)
    }

    /// Forces the file to the disk, and returns its length and hash.
    pub fn settle(&mut self) -> Result<Digest, RunDirectoryError> {
        durable::sync(&self.file, &self.path).map_err(RunDirectoryError::io(&self.path, "write the file"))?;
        Ok(Digest { bytes: self.bytes, blake3: self.hash.finalize().to_hex().to_string() })
    }

    /// Checks that the file is still at its place: an error once the run's directory was removed, or replaced by another.
    pub fn check_place(&self) -> Result<(), RunDirectoryError> {
        match own::is_named(&self.file, &self.path) {
            true => Ok(()),
            false => Err(RunDirectoryError::Gone { path: self.path.clone() }),
        }
    }

    /// Adds the line of an iteration whose step was not taken.
    pub fn fault(&mut self, fault: &Fault) -> Result<(), RunDirectoryError> {
        #[derive(Serialize)]
        struct Line<'a> {
            step: u64,
            event: &'static str,
            reason: &'a str,
            remedy: &'a Remedy,
        }
        self.write(&Line { step: fault.step, event: "fault", reason: &fault.reason, remedy: &fault.remedy })
    }

    /// Adds a line, with the verdict on the bounds where there is one, in one write: a run that is killed leaves whole lines.
    pub fn line(
        &mut self,
        step: u64,
        event: &'static str,
        metrics: &BTreeMap<String, Metric>,
        sandwich: Option<&Sandwich>,
    ) -> Result<(), RunDirectoryError> {
        #[derive(Serialize)]
        struct Line<'a> {
            step: u64,
            event: &'static str,
            metrics: &'a BTreeMap<String, Metric>,
            #[serde(skip_serializing_if = "Option::is_none")]
            sandwich: Option<&'a Sandwich>,
        }
        self.write(&Line { step, event, metrics, sandwich })
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), RunDirectoryError> {
        let line = serde_json::to_vec(line);
        let mut line = line.map_err(|error| RunDirectoryError::damaged(&self.path, error))?;
        line.push(b'\n');
        durable::append(&mut self.file, &self.path, &line)
            .map_err(RunDirectoryError::io(&self.path, "write the file"))?;
        self.bytes += line.len() as u64;
        self.hash.update(&line);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_json_with_unit_error_samples_and_guarantee() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = MetricsFile::create(folder.path()).unwrap();
        let measured = Measurement::of([1.0, 2.0], Guarantee::certified("exact")).with("residual", 0.5);
        let metrics = BTreeMap::from([
            ("lower".to_string(), Metric::measured(&measured, "nats")),
            ("rate".to_string(), Metric::number(f64::NAN, "1")),
        ]);
        file.line(1, "training", &metrics, None).unwrap();
        file.line(2, "training", &metrics, None).unwrap();
        let text = std::fs::read_to_string(folder.path().join(layout::METRICS)).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        let expected = serde_json::json!({
            "step": 2, "event": "training", "metrics": {
                "lower": {
                    "value": 1.5, "unit": "nats", "standard_error": 0.5, "samples": 2,
                    "guarantee": {"level": "certified", "reason": "exact"}, "diagnostics": {"residual": 0.5}
                },
                "rate": {"value": null, "unit": "1", "standard_error": null, "samples": null, "guarantee": null}
            }
        });
        assert_eq!(lines[1], expected);
    }

    #[test]
    fn a_file_that_is_begun_anew_changes_no_other_and_one_that_is_gone_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = [layout::METRICS, "other"].map(|name| folder.path().join(name));
        std::fs::write(&path, "old").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        let file = MetricsFile::create(folder.path()).unwrap();
        assert_eq!([&path, &other].map(|path| std::fs::read_to_string(path).unwrap()), ["", "old"]);
        file.check_place().unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert!(cfg!(not(unix)) || matches!(file.check_place(), Err(RunDirectoryError::Gone { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(file.check_place(), Err(RunDirectoryError::Gone { .. })));
    }

    #[test]
    fn a_value_that_is_not_finite_is_written_without_its_claim() {
        let certified = Measurement::exact(f64::NAN, 2, Guarantee::certified("exact"));
        let metric = Metric::measured(&certified, "nats");
        assert_eq!((metric.guarantee.clone(), metric.measurement().level()), (None, None));
    }
}
