use ebm_core::bounds::Target;
use ebm_train::{Evaluation, Remedy, StepReport};
use serde::Deserialize;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, fs::File};

use super::{Metric, RunDirectoryError, layout, regular};
use ebm_eval::evaluate::Sandwich;

/// The longest line that is read, in bytes: 1 MiB, some hundred times the length of a line.
const LONGEST_LINE: u64 = 1 << 20;

/// A line of the metrics. Unknown fields are ignored.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct MetricsLine {
    /// Steps done.
    pub step: u64,
    /// The event that the metrics describe: one of the constants here, or an event of another version of this program.
    pub event: String,
    /// The metrics by name; empty for an unknown event that has them in another form.
    #[serde(default)]
    pub metrics: BTreeMap<String, Metric>,
    /// The verdict on the bounds.
    #[serde(default)]
    pub sandwich: Option<Sandwich>,
    /// The remedy for a term that was not finite.
    #[serde(default)]
    pub remedy: Option<Remedy>,
}

impl MetricsLine {
    /// The event of a report on the way.
    pub const TRAINING: &str = "training";
    /// The event of an evaluation on the way.
    pub const EVALUATION: &str = "evaluation";
    /// The event of an iteration whose step was not taken.
    pub const FAULT: &str = "fault";
    /// The event of the evaluation at the end.
    pub const FINAL: &str = "final";

    /// The report that the line was written from, see [`Metric::measurement`].
    pub fn report(&self) -> StepReport {
        let rate = |name: &str| self.metrics.get(name).map_or(f64::NAN, |metric| metric.value);
        let mut report = StepReport {
            step: self.step,
            energy_learning_rate: rate("energy_learning_rate"),
            generator_learning_rate: rate("generator_learning_rate"),
            ..Default::default()
        };
        for (name, measurement) in report.measurements() {
            *measurement = self.metrics.get(name).map(Metric::measurement);
        }
        for (name, number) in report.numbers() {
            *number = self.metrics.get(name).map(|metric| metric.value);
        }
        report.target = target(&report);
        report
    }

    /// The evaluation that the line was written from, see [`Metric::measurement`].
    pub fn evaluation(&self) -> Evaluation {
        let figure = |(name, metric): (&String, &Metric)| (name.clone(), metric.measurement());
        self.metrics.iter().map(figure).collect()
    }
}

/// The target of the upper bound, inferred from the terms that are there: its own term, if it bounds anything; an upper bound of
/// the entropy, or an upper bound of the likelihood without one.
fn target(report: &StepReport) -> Option<Target> {
    match (&report.divergence, &report.entropy_upper_bound, &report.upper) {
        (None, _, _) => report.generated_energy.as_ref().map(|_| Target::Nothing),
        (Some(_), None, Some(_)) => Some(Target::CrossEntropy),
        (Some(_), _, _) => Some(Target::Divergence),
    }
}

/// Iterates over the lines of a metrics file, with one line in memory at a time.
///
/// A last line without its line break is ignored: a killed process may have left it. The iterator ends after an error.
#[derive(Debug)]
pub struct MetricsReader<R> {
    path: PathBuf,
    source: R,
    line: u64,
    end: u64,
    over: bool,
}

impl MetricsReader<BufReader<File>> {
    /// Reads the lines of a run.
    pub fn open(directory: &Path) -> Result<Self, RunDirectoryError> {
        Self::open_after(directory, 0, 0)
    }

    /// Reads the lines of a run after the first `lines`, which take the first `end` bytes.
    pub fn open_after(directory: &Path, end: u64, lines: u64) -> Result<Self, RunDirectoryError> {
        let path = directory.join(layout::METRICS);
        let open = || {
            let mut file = regular::open(&path)?;
            file.seek(SeekFrom::Start(end))?;
            Ok(file)
        };
        let file = open().map_err(RunDirectoryError::io(&path, "open the file"))?;
        Ok(Self { line: lines, end, ..Self::new(BufReader::new(file), path) })
    }
}

impl<R: BufRead> MetricsReader<R> {
    /// Reads the lines of a source; errors call it `path`.
    pub fn new(source: R, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), source, line: 0, end: 0, over: false }
    }

    /// Number of lines read so far.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Bytes from the start of the file to the end of the last line that was read.
    pub fn end(&self) -> u64 {
        self.end
    }

    fn read(&mut self) -> Result<Option<MetricsLine>, RunDirectoryError> {
        let mut bytes = Vec::new();
        let mut limited = (&mut self.source).take(LONGEST_LINE + 1);
        limited.read_until(b'\n', &mut bytes).map_err(RunDirectoryError::io(&self.path, "read the file"))?;
        let damaged = |reason: String| {
            let reason = format!("line {}: {reason}", self.line + 1);
            RunDirectoryError::damaged(&self.path, reason)
        };
        if bytes.len() as u64 > LONGEST_LINE {
            return Err(damaged(format!("it has more than {LONGEST_LINE} bytes")));
        }
        if bytes.last() != Some(&b'\n') {
            return Ok(None);
        }
        let line = parse(&bytes).map_err(|error| damaged(format!("it is no line of metrics: {error}")))?;
        self.line += 1;
        self.end += bytes.len() as u64;
        Ok(Some(line))
    }
}

impl<R: BufRead> Iterator for MetricsReader<R> {
    type Item = Result<MetricsLine, RunDirectoryError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let read = self.read().transpose();
        self.over = !matches!(read, Some(Ok(_)));
        read
    }
}

fn parse(bytes: &[u8]) -> serde_json::Result<MetricsLine> {
    #[derive(Deserialize)]
    struct Head {
        step: u64,
        event: String,
    }
    let error = match serde_json::from_slice(bytes) {
        Ok(line) => return Ok(line),
        Err(error) => error,
    };
    // Another version may write events with fields of another form.
    match serde_json::from_slice(bytes) {
        Ok(Head { step, event })
            if ![MetricsLine::TRAINING, MetricsLine::EVALUATION, MetricsLine::FINAL].contains(&event.as_str()) =>
        {
            Ok(MetricsLine { step, event, ..MetricsLine::default() })
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_directory::MetricsFile;
    use ebm_core::bounds::{Guarantee, Measurement};

    const LINE: &str = r#"{"step": 7, "event": "training", "metrics": {"upper": {"value": 1.5, "unit": "nats",
        "standard_error": 0.5, "samples": 2, "guarantee": {"level": "asymptotic", "reason": "long chains"}}}}"#;

    fn line() -> String {
        LINE.replace('\n', " ") + "\n"
    }

    fn read(text: &str) -> Vec<Result<MetricsLine, String>> {
        let lines = MetricsReader::new(text.as_bytes(), "metrics.jsonl");
        lines.map(|line| line.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn a_line_is_read_with_its_place() {
        let text = line().repeat(2);
        let mut reader = MetricsReader::new(text.as_bytes(), "metrics.jsonl");
        let second = reader.by_ref().last().unwrap().unwrap();
        assert_eq!((reader.lines(), reader.end()), (2, text.len() as u64));
        assert_eq!((second.step, second.event.as_str()), (7, MetricsLine::TRAINING));
        let upper = &second.metrics["upper"];
        let measured = Measurement::new(1.5, 0.5, 2, Guarantee::asymptotic("long chains"));
        assert_eq!((upper.measurement(), &*upper.unit), (measured, "nats"));
        assert_eq!(second.sandwich, None);
    }

    #[test]
    fn a_last_line_is_there_once_it_is_whole() {
        let whole = line();
        for length in 0..whole.len() {
            assert_eq!(read(&format!("{whole}{}", &whole[..length])).len(), 1, "{length} bytes");
        }
    }

    #[test]
    fn what_another_version_writes_is_passed_over() {
        let more = line()
            .replace("\"unit\"", "\"colour\": [1, 2], \"unit\"")
            .replace("{\"step\"", "{\"host\": \"a\", \"step\"");
        let other = r#"{"step": 8, "event": "resumed", "metrics": "none", "from": {"step": 8}}"#;
        let read = read(&format!("{more}{other}\n{}", line()));
        assert_eq!(read[0].as_ref().unwrap().metrics["upper"].value, 1.5);
        let other = read[1].as_ref().unwrap();
        assert_eq!((other.event.as_str(), other.metrics.len()), ("resumed", 0));
        assert!(read.len() == 3 && read[2].is_ok());
    }

    #[test]
    fn a_damaged_line_is_named_and_ends_the_reading() {
        let long = format!("{{\"step\": \"{}\"", "x".repeat(LONGEST_LINE as usize));
        for (bad, expected) in [
            ("{\"step\": 8}", "metrics.jsonl: line 2: it is no line of metrics: missing field `event`"),
            ("not JSON", "line 2"),
            ("", "line 2"),
            (long.as_str(), "line 2: it has more than 1048576 bytes"),
        ] {
            let read = read(&format!("{}{bad}\n{}", line(), line()));
            assert_eq!(read.len(), 2, "{expected}");
            let error = read[1].as_ref().unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn numbers_come_back_to_the_last_bit_and_those_that_are_not_finite_as_nan() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = MetricsFile::create(folder.path()).unwrap();
        // The sums are not short decimals; the last value is the smallest number there is.
        let mut state = 0.1f64;
        let numbers: Vec<f64> = std::iter::repeat_with(|| {
            state = (state * 997.0 + 0.1).fract();
            (state - 0.5) * 1e3f64.powi((state * 60.0) as i32 - 30)
        })
        .take(2000)
        .chain([0.1 + 0.2, f64::MAX, f64::MIN_POSITIVE, 5e-324])
        .collect();
        let names = |(index, value): (usize, &f64)| (format!("{index:04}"), Metric::number(*value, "nats"));
        let metrics: BTreeMap<_, _> = numbers.iter().enumerate().map(names).collect();
        file.line(1, MetricsLine::TRAINING, &metrics, None).unwrap();
        let side = |bound| Measurement::of([bound, bound], Guarantee::heuristic("test")).with("residual", f64::NAN);
        let evaluation = Evaluation::from([
            ("nll".to_string(), side(1.0)),
            ("lower".to_string(), side(f64::INFINITY)),
            ("gap".to_string(), side(f64::NAN)),
        ]);
        let metrics = evaluation.iter().map(|(name, m)| (name.clone(), Metric::measured(m, "nats")));
        let sandwich = Sandwich::of(&evaluation);
        file.line(2, MetricsLine::EVALUATION, &metrics.collect(), sandwich.as_ref()).unwrap();

        let read: Vec<_> = MetricsReader::open(folder.path()).unwrap().map(Result::unwrap).collect();
        let back: Vec<u64> = read[0].metrics.values().map(|metric| metric.value.to_bits()).collect();
        assert_eq!(back, numbers.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
        let lower = &read[1].metrics["lower"];
        assert!(lower.value.is_nan() && lower.diagnostics["residual"].is_nan());
        let sandwich = read[1].sandwich.as_ref().unwrap();
        assert!(sandwich.gap.unwrap().0.is_nan() && sandwich.lower.as_ref().unwrap().excess.is_nan());

        let mut reader = MetricsReader::open(folder.path()).unwrap();
        reader.next().unwrap().unwrap();
        let second = MetricsReader::open_after(folder.path(), reader.end(), 1).unwrap();
        assert_eq!(second.map(|line| line.unwrap().step).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn the_target_is_known_from_the_terms_that_are_there() {
        let some = || Some(Measurement::of([1.0, 1.0], Guarantee::heuristic("test")));
        let report = |divergence, entropy_upper_bound, upper| StepReport {
            generated_energy: some(),
            divergence,
            entropy_upper_bound,
            upper,
            ..Default::default()
        };
        assert_eq!(target(&report(None, None, None)), Some(Target::Nothing));
        assert_eq!(target(&report(some(), some(), some())), Some(Target::Divergence));
        assert_eq!(target(&report(some(), None, None)), Some(Target::Divergence));
        assert_eq!(target(&report(some(), None, some())), Some(Target::CrossEntropy));
        assert_eq!(target(&StepReport::default()), None);
    }
}
