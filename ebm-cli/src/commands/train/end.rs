//! The end of a training run: its weights, evaluation, pictures and summary.

use ebm_core::data::Dataset;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_train::{Outcome, TrainError, Trainer};

use crate::commands::fresh_trainer::training_failure;
use crate::commands::pictures::Pictures;
use crate::commands::summary::{Status, Summary};
use crate::config::Resolved;
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{Divergence, History, MetricsLog, Saving, evaluated, gaussian_nll, judge};
use crate::output::print;
use crate::run_directory::{RunDirectory, layout};
use ebm_eval::evaluate::Report;

/// Everything the end of a run needs beside the trainer.
pub(super) struct End<'a> {
    pub resolved: &'a Resolved,
    pub title: &'a str,
    pub data: &'a dyn Dataset,
    pub directory: &'a RunDirectory,
    pub quiet: bool,
}

impl End<'_> {
    /// Saves the state and the weights first, then evaluates, draws and reports.
    pub fn finish<G: SupportedGeometry>(
        &self,
        trainer: &mut Trainer<G>,
        outcome: Result<Outcome, TrainError>,
        log: &mut MetricsLog,
        mut history: History,
        saving: &mut Saving,
    ) -> Result<Exit, Failure> {
        let (directory, config) = (self.directory, &self.resolved.config);
        if outcome.is_ok() {
            saving.end(trainer).map_err(|error| training_failure(self.resolved, TrainError::Observer(error)))?;
        }
        let seconds = saving.seconds();
        directory.write_weights(&trainer.states(), trainer.step()).or_exit(Exit::RunDirectory)?;
        let (reason, not_finite) = match outcome {
            Ok(outcome) => (outcome.reason.to_string(), None),
            Err(error @ TrainError::NonFinite { .. }) => (error.to_string(), Some(error)),
            Err(error) => return Err(training_failure(self.resolved, error)),
        };
        let random = Random::new(config.seed);
        let report = match (evaluated(trainer, self.data, &config.evaluate, random), &not_finite) {
            (Ok(report), _) => report,
            // The saved weights are the last good ones; their evaluation is worth having if it succeeds.
            (Err(error), Some(_)) => {
                tracing::warn!(%error, "the last good state cannot be evaluated");
                Report::default()
            }
            (Err(error), None) => return Err(training_failure(self.resolved, error)),
        };
        log.last(trainer.step(), &report).or_exit(Exit::RunDirectory)?;
        history.evaluated(trainer.step(), &report.evaluation());
        let divergence = judge(&history, gaussian_nll(self.data, random), self.data.width());
        let pictures = Pictures { title: self.title, data: self.data, history: &history, report: &report, random };
        let drawn = pictures.draw(trainer, directory).or_exit(Exit::RunDirectory)?;
        let summary = Summary {
            status: match (&not_finite, &divergence) {
                (Some(_), _) => Status::NotFinite,
                (None, Some(_)) => Status::Diverged,
                (None, None) => Status::Completed,
            },
            steps: trainer.step(),
            reason,
            divergence,
            seconds,
            steps_per_second: trainer.step() as f64 / seconds.max(1e-9),
            best_nll: history.best("nll"),
            evaluation: report,
            pictures: drawn.iter().map(|name| format!("{}/{name}", layout::PICTURES)).collect(),
        };
        directory.write_json(layout::SUMMARY, &summary).or_exit(Exit::RunDirectory)?;
        tracing::info!(status = ?summary.status, steps = summary.steps, reason = summary.reason, "training ended");
        let path = directory.path().display();
        if !self.quiet {
            let mut text = format!("{}run: {path}\n", summary.text());
            if let Some(first) = drawn.first() {
                text.push_str(&format!("picture: {}\n", directory.picture(first).display()));
            }
            print(&text)?;
        }
        match (not_finite, summary.divergence) {
            (Some(error), _) => {
                let saved = format!("{path}: the last good weights are saved");
                Err(anyhow::Error::new(error).context(saved)).or_exit(Exit::NotFinite)
            }
            (None, Some(Divergence { reason, advice })) => {
                tracing::error!(reason, advice, "the run diverged");
                let text = format!("{path}: the run diverged: {reason}; {advice}");
                Err(Failure::message(Exit::Diverged, text))
            }
            (None, None) => Ok(Exit::Success),
        }
    }
}
