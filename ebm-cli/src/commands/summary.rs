//! The summary of a run: `summary.json`, written and read back, and the last lines of `ebm train`.

use ebm_eval::evaluate::{MetricValue, Report, Unit};
use ebm_train::StopReason;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, io, path::Path};

use crate::exit::{Exit, Failure, fail};
use crate::run_directory::{Digest, RunDirectoryError, layout, regular};
use crate::{numerals::short, observers::Divergence, plots::CurvePoint};

/// The metrics shown in the last lines of `ebm train`; `ebm evaluate` shows all.
const SHOWN: [&str; 18] = [
    "lower",
    "nll",
    "weights_nll",
    "cubo_nll",
    "ais_nll",
    "reverse_ais_nll",
    "sampler_nll",
    "upper",
    "gap",
    "gaussian_nll",
    "data_entropy",
    "outside",
    "distant_mass",
    "modes_covered",
    "good_share",
    "stacked_modes",
    "stacked_kl",
    "classifier_frechet",
];

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunEnd {
    /// One of [`COMPLETED`], [`DIVERGED`] and [`NOT_FINITE`], unless another version wrote it.
    pub status: String,
    #[serde(default)]
    pub steps: u64,
    #[serde(default)]
    pub reason: String,
    /// Why the run counts as diverged, and what to try.
    pub divergence: Option<Divergence>,
    /// Wall-clock time of training, its evaluations included, in seconds.
    pub seconds: Option<f64>,
    /// Steps a second of that time.
    pub steps_per_second: Option<f64>,
}

/// It reached its last step or a stop condition, and the result is sound.
pub const COMPLETED: &str = "completed";
/// It reached its end, but the result is unusable.
pub const DIVERGED: &str = "diverged";
/// It met a NaN or an infinity.
pub const NOT_FINITE: &str = "not-finite";

/// How a run ended, with its final evaluation.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    #[serde(flatten)]
    pub end: RunEnd,
    /// The best negative log-likelihood of the evaluations on the way, in nats.
    pub best_nll: Option<CurvePoint>,
    pub evaluation: Report,
    /// Pictures, relative to the run directory.
    pub pictures: Vec<String>,
    /// Lengths and hashes of the other files, by their names relative to the run directory.
    pub files: BTreeMap<String, Digest>,
}

impl Summary {
    pub fn text(&self) -> String {
        let Self { end, evaluation, .. } = self;
        let mut text = format!("{} steps{}: {}\n", end.steps, end.pace(), end.reason);
        let shown = || SHOWN.iter().filter_map(|name| evaluation.get(name));
        let width = shown().map(|figure| figure.label.chars().count()).max().unwrap_or(0);
        for figure in shown() {
            text.push_str(&format!("  {:width$}  {}\n", figure.label, described(figure)));
        }
        if let Some(sandwich) = &evaluation.sandwich {
            text.push_str(&format!("sandwich: {sandwich}\n"));
        }
        for absent in evaluation.absent.iter().filter(|absent| absent.name == "nll") {
            text.push_str(&format!("  NLL: {}\n", absent.reason));
        }
        for warning in &evaluation.warnings {
            text.push_str(&format!("warning: {warning}\n"));
        }
        text
    }
}

/// The value of a metric, its standard error, its samples and its guarantee.
fn described(figure: &MetricValue) -> String {
    let number = |value: f64| match figure.unit {
        Unit::Nats => format!("{} nats", short(value, 4)),
        Unit::Share => format!("{:.2} %", 100.0 * value),
        Unit::Count => format!("{value}"),
        Unit::Number => short(value, 4),
    };
    let mut text = number(figure.value);
    text.extend(figure.standard_error.map(|error| format!(" +- {}", number(error))));
    // Values from a grid have points, not samples.
    if figure.samples > 0 && figure.name != "outside" {
        let claim = figure.guarantee.as_ref().map_or_else(String::new, |g| format!(", {}", g.level));
        text.push_str(&format!(" ({} samples{claim})", figure.samples));
    }
    text
}

impl RunEnd {
    /// Reads how the run at `directory` ended, if it did.
    pub fn read(directory: &Path) -> Result<Option<Self>, RunDirectoryError> {
        let path = directory.join(layout::SUMMARY);
        let read = text_of(&path)?.map(|text| serde_json::from_str(&text));
        read.transpose().map_err(|error| RunDirectoryError::damaged(path, error))
    }

    /// Whether the same configuration would end it in the same way: a time limit is one of each process.
    pub fn is_final(&self) -> bool {
        self.reason != StopReason::TimeLimit.to_string()
    }

    /// The exit code that `ebm train` ended the run at `path` with, and its message.
    pub fn exit(&self, path: &Path) -> Result<Exit, Failure> {
        let Self { status, reason, .. } = self;
        let path = path.display();
        match (status.as_str(), &self.divergence) {
            (COMPLETED, _) => Ok(Exit::Success),
            (DIVERGED, Some(Divergence { reason, advice })) => {
                fail!(Exit::Diverged, "{path}: the run diverged: {reason}; {advice}")
            }
            (NOT_FINITE, _) => fail!(Exit::NotFinite, "{path}: the last good weights are saved: {reason}"),
            _ => fail!(Exit::Other, "{path}: the run ended as {status}: {reason}"),
        }
    }

    fn pace(&self) -> String {
        let known = self.seconds.zip(self.steps_per_second);
        known.map_or_else(String::new, |(seconds, rate)| format!(" in {seconds:.1} s ({rate:.0} steps/s)"))
    }
}

impl fmt::Display for RunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, steps, reason, .. } = self;
        write!(f, "ended as {status} after {steps} steps{}: {reason}", self.pace())
    }
}

/// The text of a file of a run, if it is there.
pub fn text_of(path: &Path) -> Result<Option<String>, RunDirectoryError> {
    match regular::read_text(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).map_err(RunDirectoryError::io(path, "read the file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(status: &str, divergence: &str) -> RunEnd {
        let text = format!(r#"{{"status": "{status}", "steps": 7, "reason": "why", "colour": 1 {divergence}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_run_ends_its_watcher_with_its_own_code() {
        let code = |ending: RunEnd| match ending.exit(Path::new("r")) {
            Ok(exit) => (exit, String::new()),
            Err(failure) => (failure.exit, failure.to_string()),
        };
        assert_eq!(code(ending("completed", "")).0, Exit::Success);
        let (exit, text) = code(ending("diverged", r#", "divergence": {"reason": "far", "advice": "near"}"#));
        assert_eq!((exit, text.as_str()), (Exit::Diverged, "r: the run diverged: far; near"));
        assert_eq!(code(ending("not-finite", "")).0, Exit::NotFinite);
        assert_eq!(code(ending("eaten", "")), (Exit::Other, "r: the run ended as eaten: why".to_string()));
        assert!(ending("completed", "").is_final());
        let limited = r#"{"status": "completed", "reason": "time limit reached"}"#;
        assert!(!serde_json::from_str::<RunEnd>(limited).unwrap().is_final());
        assert_eq!(ending("eaten", "").to_string(), "ended as eaten after 7 steps: why");
    }
}
