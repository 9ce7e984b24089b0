//! The state and the results of a run of a series, read from its files.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{directory::SeriesDirectory, log};
use crate::run_directory::{self, MetricsLine, MetricsReader, RunStatus, layout, read_json, regular};
use crate::shown::Shown;
use ebm_eval::evaluate::Sandwich;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    Done,
    /// The run diverged or met a NaN, which is a result about the bounds; with the reason.
    Diverged(String),
    Running,
    /// The run was started, and no process is training it.
    Interrupted,
    /// The last process of the run failed; with the reason.
    Failed(String),
    #[default]
    Missing,
}

impl State {
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged(_) => "diverged",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Failed(_) => "failed",
            Self::Missing => "missing",
        }
    }

    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Diverged(reason) | Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub path: PathBuf,
    pub state: State,
    /// Steps done, where that is known; of a run that was interrupted, those that are saved.
    pub steps: Option<u64>,
    /// Steps of the whole run, where the series was asked.
    pub of: Option<u64>,
    /// Wall-clock time of its training with its evaluations, in seconds, of a run that ended.
    pub seconds: Option<f64>,
    /// The metrics of its final evaluation that are finite.
    pub metrics: BTreeMap<String, f64>,
    /// The verdict on the bounds at each evaluated step.
    pub sandwiches: BTreeMap<u64, Sandwich>,
}

impl Outcome {
    /// A run in some state, without results so far.
    pub fn new(path: &Path, state: State) -> Self {
        Self { path: path.into(), state, ..Self::default() }
    }

    /// Reads the run at `path`, which ended.
    pub fn read(path: &Path) -> Self {
        let Some(summary) = read_json(&path.join(layout::SUMMARY)) else {
            return Self::new(path, State::Failed("the run did not end".into()));
        };
        let text = |value: &Value| Shown(value.as_str().unwrap_or("no reason was given")).to_string();
        let state = match summary["status"].as_str() {
            Some("completed") => State::Done,
            Some("diverged") => State::Diverged(text(&summary["divergence"]["reason"])),
            Some("not-finite") => State::Diverged(text(&summary["reason"])),
            other => State::Failed(format!("its summary says {:?}", other.unwrap_or("nothing"))),
        };
        let mut outcome =
            Self { steps: summary["steps"].as_u64(), seconds: summary["seconds"].as_f64(), ..Self::new(path, state) };
        for line in MetricsReader::open(path).into_iter().flatten().map_while(Result::ok) {
            let is_final = line.event == MetricsLine::FINAL;
            if is_final || line.event == MetricsLine::EVALUATION {
                // The final evaluation replaces the one on the way at its step.
                outcome.sandwiches.extend(line.sandwich.map(|sandwich| (line.step, sandwich)));
            }
            if is_final {
                let values = line.metrics.into_iter().map(|(name, metric)| (name, metric.value));
                outcome.metrics = values.filter(|(_, value)| value.is_finite()).collect();
            }
        }
        outcome
    }

    /// Looks at a run of a series, which may be in training.
    pub fn look(directory: &SeriesDirectory, id: &str) -> Self {
        let run = directory.run(id);
        let status = RunStatus::read(&run).ok();
        let looked = match status.as_ref().map(|status| &status.state) {
            Some(run_directory::State::Ended(_)) => Self::read(&run),
            Some(run_directory::State::Training(_)) => {
                let lines = MetricsReader::open(&run).into_iter().flatten().map_while(Result::ok);
                Self { steps: lines.last().map(|line| line.step), ..Self::new(&run, State::Running) }
            }
            begun => {
                let failure = log::failure(&directory.log(id)).map(State::Failed);
                let idle = if begun.is_some() { State::Interrupted } else { State::Missing };
                Self { steps: status.map(|status| status.steps), ..Self::new(&run, failure.unwrap_or(idle)) }
            }
        };
        Self { of: steps_wanted(&directory.config(id)), ..looked }
    }

    pub fn picture(&self, name: &str) -> Option<PathBuf> {
        let path = self.path.join(layout::PICTURES).join(name);
        path.exists().then_some(path)
    }
}

/// The steps that a configuration file asks for, which is complete.
fn steps_wanted(config: &Path) -> Option<u64> {
    let table: toml::Table = regular::read_text(config).ok()?.parse().ok()?;
    table.get("train")?.get("steps")?.as_integer()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_run_is_read_with_its_last_metrics_and_one_verdict_a_step() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Outcome::read(folder.path()).state, State::Failed(_)));
        let summary = r#"{"status": "diverged", "steps": 20, "seconds": 1.5, "divergence": {"reason": "ran away"}}"#;
        fs::write(folder.path().join(layout::SUMMARY), summary.replace("ran away", "ran\\n\\u001baway")).unwrap();
        assert_eq!(Outcome::read(folder.path()).state, State::Diverged("ran\\n\\u{1b}away".into()));
        fs::write(folder.path().join(layout::SUMMARY), summary).unwrap();
        let guarantee = r#"{"level": "certified", "reason": "test"}"#;
        let line = |step: u64, event: &str, nll: f64, held: bool| {
            let metric = |value: &str| format!(r#"{{"value": {value}, "unit": "nats"}}"#);
            let metrics = format!(r#"{{"nll": {}, "upper": {}}}"#, metric(&nll.to_string()), metric("null"));
            let numbers = r#""excess": 0, "tolerance": 0, "bound": 0"#;
            let lower = format!(r#"{{"held": {held}, {numbers}, "guarantee": {guarantee}}}"#);
            let sandwich = format!(r#"{{"nll": {nll}, "lower": {lower}}}"#);
            format!(r#"{{"step": {step}, "event": "{event}", "metrics": {metrics}, "sandwich": {sandwich}}}"#) + "\n"
        };
        let lines = [
            line(1, "training", 9.0, true),
            line(10, "evaluation", 3.0, true),
            line(20, "evaluation", 2.0, true),
            line(20, "final", 2.5, false),
        ];
        fs::write(folder.path().join(layout::METRICS), lines.concat()).unwrap();
        let outcome = Outcome::read(folder.path());
        assert_eq!(outcome.state, State::Diverged("ran away".into()));
        assert_eq!((outcome.steps, outcome.seconds), (Some(20), Some(1.5)));
        assert_eq!(outcome.metrics, BTreeMap::from([("nll".to_string(), 2.5)]));
        let held: Vec<_> = outcome.sandwiches.iter().map(|(step, s)| (*step, s.held())).collect();
        assert_eq!(held, [(10, Some(true)), (20, Some(false))]);
    }
}
