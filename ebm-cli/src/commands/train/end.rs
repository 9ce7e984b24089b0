//! The end of a training run: its weights, evaluation, pictures and summary.

use ebm_core::{data::Dataset, random::Random, registry::SupportedGeometry};
use ebm_train::{Objective, Outcome, TrainError, Trainer};

use super::interrupted;
use crate::commands::summary::{COMPLETED, DIVERGED, NOT_FINITE, RunEnd, Summary};
use crate::commands::{fresh_trainer::training_failure, pictures::Pictures};
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{
    Divergence, History, MetricsLog, Saving, Yardsticks, evaluated, failure, gaussian_nll, judge, spread,
};
use crate::run_directory::{RunDirectory, layout};
use crate::{config::Resolved, output::print};
use ebm_eval::evaluate::{Report, generated_samples};

/// Samples of either kind that the spread of the generated ones is measured by, and the most values.
const SPREAD: (usize, usize) = (1000, 1 << 22);

pub(super) struct End<'a> {
    pub resolved: &'a Resolved,
    pub title: &'a str,
    pub data: &'a dyn Dataset,
    pub directory: &'a RunDirectory,
    /// What was noticed during training.
    pub warnings: Vec<String>,
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
        saving.check_place()?;
        if outcome.is_ok() {
            saving.end(trainer).map_err(|error| training_failure(self.resolved, TrainError::Observer(error)))?;
        }
        let seconds = saving.seconds();
        let mut files = directory.write_weights(&trainer.states(), trainer.step())?;
        let (reason, finite) = match outcome {
            Ok(outcome) => (outcome.reason.to_string(), true),
            Err(error @ TrainError::NonFinite { .. }) => (error.to_string(), false),
            Err(error) => return Err(training_failure(self.resolved, error)),
        };
        let random = Random::new(config.seed);
        let mut report = match evaluated(trainer, self.data, &config.evaluate, random) {
            Ok(report) => report,
            Err(TrainError::Cancelled(_)) => return self.leave(trainer, saving, finite),
            Err(error) if finite => return Err(training_failure(self.resolved, error)),
            // The saved weights are the last good ones; their evaluation is worth having if it succeeds.
            Err(error) => {
                tracing::warn!(%error, "the last good state cannot be evaluated");
                Report::default()
            }
        };
        report.warnings.extend_from_slice(&self.warnings);
        if report.get("nll").is_none() && !trainer.energy().facts().normalisable {
            report.warnings.push(
                "the energy is not known to be normalisable, as one with energy.confinement > 0 is: the integral of exp(-E) \
                 may be infinite, and the model then has no density"
                    .into(),
            );
        }
        history.evaluated(trainer.step(), &report.evaluation());
        // Earlier releases gave such energies a likelihood.
        if !trainer.energy().facts().normalisable {
            history.evaluations.remove("nll");
        }
        let yardsticks = Yardsticks {
            gaussian: gaussian_nll(self.data, random),
            // Where a mode counts only with most of its even share, samples of the data miss some, too.
            modes: self
                .data
                .modes()
                .map(|modes| modes.centres.len())
                .filter(|modes| config.evaluate.min_share * *modes as f64 <= 0.5),
            spread: self.spread(trainer, random.stream("spread")),
        };
        let divergence = judge(&history, yardsticks.gaussian, self.data.width())
            .or_else(|| failure(&history, trainer.step(), yardsticks));
        if trainer.cancel().is_requested() {
            return self.leave(trainer, saving, finite);
        }
        let pictures = Pictures { title: self.title, data: self.data, history: &history, report: &report, random };
        let drawn = pictures.draw(trainer, directory).or_exit(Exit::RunDirectory)?;
        // From here on there is little to wait for.
        if trainer.cancel().is_requested() {
            return self.leave(trainer, saving, finite);
        }
        files.insert(layout::METRICS.into(), log.last(trainer.step(), &report)?);
        let status = match &divergence {
            _ if !finite => NOT_FINITE,
            Some(_) => DIVERGED,
            None => COMPLETED,
        };
        let summary = Summary {
            end: RunEnd {
                status: status.into(),
                steps: trainer.step(),
                reason,
                divergence,
                seconds: Some(seconds),
                steps_per_second: Some(trainer.step() as f64 / seconds.max(1e-9)),
            },
            best_nll: history.best("nll"),
            evaluation: report,
            pictures: drawn.iter().map(|name| format!("{}/{name}", layout::PICTURES)).collect(),
            files: directory.checked_files().into_iter().chain(files).collect(),
        };
        // Last, and removed first where the run goes on: while it is there, no file that it has the hash of is written.
        directory.write_json(layout::SUMMARY, &summary)?;
        let end = &summary.end;
        tracing::info!(status = end.status, steps = end.steps, reason = end.reason, "training ended");
        let path = directory.path().display();
        if !self.quiet {
            let mut text = format!("{}run: {path}\n", summary.text());
            // Those of the model; the course of the run only where there are no others.
            let of_model = drawn.iter().position(|name| *name == "curves.png").unwrap_or(0).max(1);
            for picture in drawn.iter().take(of_model) {
                text.push_str(&format!("picture: {}\n", directory.picture(picture).display()));
            }
            print(&text)?;
        }
        if let (DIVERGED, Some(Divergence { reason, advice })) = (status, &end.divergence) {
            tracing::error!(reason, advice, "the run diverged");
        }
        end.exit(directory.path())
    }

    /// Leaves the run before its end, which is made when the run goes on. What stopped at a term that is not finite goes on from
    /// its last checkpoint.
    fn leave<G: SupportedGeometry>(
        &self,
        trainer: &mut Trainer<G>,
        saving: &mut Saving,
        finite: bool,
    ) -> Result<Exit, Failure> {
        if finite {
            saving.leave(trainer).map_err(|error| training_failure(self.resolved, TrainError::Observer(error)))?;
        }
        interrupted(trainer.step(), self.directory, self.quiet)
    }

    /// The spread of generated samples relative to the data's.
    fn spread<G: SupportedGeometry>(&self, trainer: &Trainer<G>, random: Random) -> Option<f64> {
        let width = self.data.width();
        let count = (SPREAD.1 / width).clamp(2, SPREAD.0);
        let generates = trainer.config().objective == Objective::Bidirectional;
        let generated = generates.then(|| generated_samples(trainer.generator(), count, random))?;
        spread(&generated, &self.data.draw(count, random.stream("data")), width)
    }
}
