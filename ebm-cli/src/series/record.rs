//! How one run of a series ended, read from its directory.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::standing::Standing;
use super::workers::Said;
use crate::config::RunConfig;
use crate::run_directory::{layout, read_json};
use ebm_eval::evaluate::Sandwich;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With a result to use.
    Sound,
    /// With a NaN, or a likelihood that ran away: a result about the bounds; why.
    Diverged(String),
    /// Without a result; why.
    Failed(String),
}

/// A run as its directory tells it. Figures are those of its final evaluation.
#[derive(Clone, Debug)]
pub struct Record {
    /// The run directory.
    pub path: PathBuf,
    /// How it ended.
    pub end: End,
    /// Steps done.
    pub steps: Option<u64>,
    /// Wall-clock time of its training with its evaluations, in seconds.
    pub seconds: Option<f64>,
    /// Values of the figures, by key; what is not finite is left out.
    pub figures: BTreeMap<String, f64>,
    /// The verdict on the bounds at each evaluated step.
    pub sandwiches: BTreeMap<u64, Sandwich>,
}

impl Record {
    /// A run that has no result.
    pub fn failed(path: &Path, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            end: End::Failed(reason.into()),
            steps: None,
            seconds: None,
            figures: BTreeMap::new(),
            sandwiches: BTreeMap::new(),
        }
    }

    /// The run at `path` after its process ended, wanted with `config` and data relative to `base`.
    pub fn after(path: &Path, config: &RunConfig, base: &Path, said: &Said) -> Self {
        // A process that fails early leaves what was there before.
        match Standing::of(path, config, base) {
            Ok(Standing::Finished) => Self::read(path),
            _ => Self::failed(path, said.reason()),
        }
    }

    /// Reads a run; one that did not end is a failed one.
    pub fn read(path: &Path) -> Self {
        let Some(summary) = read_json(&path.join(layout::SUMMARY)) else {
            return Self::failed(path, "the run did not end");
        };
        let text = |value: &Value| value.as_str().unwrap_or("no reason was given").to_string();
        let mut record = Self {
            path: path.into(),
            end: match summary["status"].as_str() {
                Some("completed") => End::Sound,
                Some("diverged") => End::Diverged(text(&summary["divergence"]["reason"])),
                Some("not-finite") => End::Diverged(text(&summary["reason"])),
                other => End::Failed(format!("its summary says {:?}", other.unwrap_or("nothing"))),
            },
            steps: summary["steps"].as_u64(),
            seconds: summary["seconds"].as_f64(),
            figures: BTreeMap::new(),
            sandwiches: BTreeMap::new(),
        };
        let metrics = fs::read_to_string(path.join(layout::METRICS)).unwrap_or_default();
        for line in metrics.lines().filter_map(|line| serde_json::from_str(line).ok()) {
            record.take(&line);
        }
        record
    }

    /// Takes over a line of the metrics.
    fn take(&mut self, line: &Value) {
        let event = line["event"].as_str().unwrap_or_default();
        if !["evaluation", "final"].contains(&event) {
            return;
        }
        // The final evaluation stands for the one on the way at its step.
        if let (Some(step), Ok(sandwich)) = (
            line["step"].as_u64(),
            serde_json::from_value::<Sandwich>(line["sandwich"].clone()),
        ) {
            self.sandwiches.insert(step, sandwich);
        }
        if event == "final" {
            let metrics = line["metrics"].as_object().into_iter().flatten();
            let value = |(name, metric): (&String, &Value)| Some((name.clone(), metric["value"].as_f64()?));
            self.figures = metrics.filter_map(value).collect();
        }
    }

    /// A picture of the run, if it was drawn.
    pub fn picture(&self, name: &str) -> Option<PathBuf> {
        let path = self.path.join(layout::PICTURES).join(name);
        path.exists().then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_read_with_its_last_figures_and_one_verdict_a_step() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Record::read(folder.path()).end, End::Failed(_)));
        let summary = r#"{"status": "diverged", "steps": 20, "seconds": 1.5, "divergence": {"reason": "ran away"}}"#;
        fs::write(folder.path().join(layout::SUMMARY), summary).unwrap();
        let line = |step: u64, event: &str, nll: f64, held: bool| {
            let guarantee = r#"{"level": "certified", "reason": "test"}"#;
            format!(
                r#"{{"step": {step}, "event": "{event}", "metrics": {{"nll": {{"value": {nll}}}, "upper": {{"value": null}}}},
                "sandwich": {{"nll": {nll}, "lower": {{"held": {held}, "excess": 0, "tolerance": 0, "bound": 0,
                "guarantee": {guarantee}}}}}}}"#
            )
            .replace('\n', "")
        };
        let lines = [
            r#"{"step": 1, "event": "training", "metrics": {"nll": {"value": 9}}}"#.to_string(),
            line(10, "evaluation", 3.0, true),
            line(20, "evaluation", 2.0, true),
            line(20, "final", 2.5, false),
        ];
        fs::write(folder.path().join(layout::METRICS), lines.join("\n")).unwrap();
        let record = Record::read(folder.path());
        assert_eq!(record.end, End::Diverged("ran away".into()));
        assert_eq!((record.steps, record.seconds), (Some(20), Some(1.5)));
        assert_eq!(record.figures, BTreeMap::from([("nll".to_string(), 2.5)]));
        let held: Vec<_> = record.sandwiches.iter().map(|(step, s)| (*step, s.held())).collect();
        assert_eq!(held, [(10, true), (20, false)]);
    }
}
