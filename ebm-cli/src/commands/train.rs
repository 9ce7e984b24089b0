//! `ebm train`: train a model and write a run directory.

use ebm_core::data::Dataset;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_core::trainer::{Observer, Outcome, TrainError, Trainer};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::fresh_trainer::{fresh_trainer, training_failure};
use super::loaded_run::load_data;
use super::pictures::Pictures;
use super::summary::{Best, Status, Summary};
use super::{config, print};
use crate::cli::Train;
use crate::config::Resolved;
use crate::dispatch::{Work, with_geometry};
use crate::evaluate::Report;
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{EvaluationObserver, History, MetricsLog, TensorBoard, evaluated, gaussian_nll, judge};
use crate::progress::progress;
use crate::run_directory::{Claim, Marker, MetricsFile, RunDirectory, Versions, layout, log_to};

/// Does it.
///
/// Nothing is written, and no old run is replaced, before the configuration is known to be good, the data is read and
/// the models are built.
///
/// # Errors
/// If the configuration, the data or the run directory cannot be used, or training meets a NaN.
pub fn run(arguments: &Train) -> Result<Exit, Failure> {
    let resolved = config::read(&arguments.source)?;
    let file = &arguments.source.config;
    let path = arguments
        .run
        .clone()
        .unwrap_or_else(|| default_directory(file, resolved.config.seed));
    let claim = Claim::new(&path, arguments.overwrite).or_exit(Exit::RunDirectory)?;
    let base = match &arguments.base {
        Some(base) => base.canonicalize(),
        None => base_of(file),
    };
    let base = base.or_exit(Exit::Config)?;
    let data = load_data(&resolved.config, &base)?;
    let (width, generator) = (data.width(), &resolved.config.generator);
    let latent = generator.latent_width(width);
    let work = Start {
        resolved: &resolved,
        data,
        claim,
        marker: Marker::new(file, &base),
        quiet: arguments.quiet,
    };
    with_geometry(latent, width, work)
}

fn default_directory(config: &Path, seed: u64) -> PathBuf {
    let stem = config
        .file_stem()
        .map_or_else(|| "run".into(), |stem| stem.to_string_lossy());
    Path::new("runs").join(format!("{stem}-seed{seed}"))
}

/// The folder that relative paths of a configuration file are relative to.
pub(super) fn base_of(file: &Path) -> std::io::Result<PathBuf> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).canonicalize()
}

struct Start<'a> {
    resolved: &'a Resolved,
    data: Arc<dyn Dataset>,
    claim: Claim,
    marker: Marker,
    quiet: bool,
}

impl Work for Start<'_> {
    type Output = Result<Exit, Failure>;
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
        let Self {
            resolved,
            data,
            claim,
            marker,
            quiet,
        } = self;
        let config = &resolved.config;
        let random = Random::new(config.seed);
        let mut trainer = fresh_trainer(resolved, data.clone(), geometry)?;

        let directory = claim.create(&marker).or_exit(Exit::RunDirectory)?;
        directory.write_config(config).or_exit(Exit::RunDirectory)?;
        directory
            .write_json(layout::VERSIONS, &Versions::of(config))
            .or_exit(Exit::RunDirectory)?;
        log_to(directory.path()).or_exit(Exit::RunDirectory)?;
        let metrics = MetricsFile::create(directory.path()).or_exit(Exit::RunDirectory)?;
        tracing::info!(config = %marker.config.display(), seed = config.seed, ?geometry, "training starts");

        let mut evaluation = EvaluationObserver::new(data.clone(), &config.evaluate, random);
        let (mut log, mut history) = (MetricsLog::new(metrics, evaluation.latest()), History::default());
        let board = config.log.tensorboard;
        let board = board.then(|| TensorBoard::create(directory.path(), trainer.step()));
        let mut board = board.transpose().or_exit(Exit::RunDirectory)?;
        let mut shown = progress::<G>(config.train.steps, quiet);
        let started = Instant::now();
        let outcome = {
            let mut observers: Vec<&mut dyn Observer<G>> = vec![&mut evaluation, &mut log, &mut history];
            observers.extend(board.as_mut().map(|board| board as &mut dyn Observer<G>));
            observers.extend(shown.as_deref_mut().map(|shown| shown as &mut dyn Observer<G>));
            trainer.run(&mut observers)
        };
        drop(shown);
        let end = End {
            resolved,
            title: &title_of(&marker.config),
            data: &*data,
            directory: &directory,
            quiet,
            seconds: started.elapsed().as_secs_f64(),
        };
        end.finish(&mut trainer, outcome, &mut log, history)
    }
}

pub(super) fn title_of(config: &Path) -> String {
    config
        .file_stem()
        .map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned())
}

struct End<'a> {
    resolved: &'a Resolved,
    title: &'a str,
    data: &'a dyn Dataset,
    directory: &'a RunDirectory,
    quiet: bool,
    seconds: f64,
}

impl End<'_> {
    /// Saves the weights first, then evaluates, draws and tells.
    fn finish<G: SupportedGeometry>(
        &self,
        trainer: &mut Trainer<G>,
        outcome: Result<Outcome, TrainError>,
        log: &mut MetricsLog,
        mut history: History,
    ) -> Result<Exit, Failure> {
        let (directory, config) = (self.directory, &self.resolved.config);
        directory
            .write_weights(&trainer.states(), trainer.step())
            .or_exit(Exit::RunDirectory)?;
        let (reason, not_finite) = match outcome {
            Ok(outcome) => (outcome.reason.to_string(), None),
            Err(error @ TrainError::NonFinite { .. }) => (error.to_string(), Some(error)),
            Err(error) => return Err(training_failure(self.resolved, error)),
        };
        let random = Random::new(config.seed);
        let report = match (evaluated(trainer, self.data, &config.evaluate, random), &not_finite) {
            (Ok(report), _) => report,
            // The saved weights are the last good ones; figures of them are worth having if they can be had.
            (Err(error), Some(_)) => {
                tracing::warn!(%error, "the last good state cannot be evaluated");
                Report::default()
            }
            (Err(error), None) => return Err(training_failure(self.resolved, error)),
        };
        log.last(trainer.step(), &report).or_exit(Exit::RunDirectory)?;
        history.evaluated(trainer.step(), &report.evaluation());
        let divergence = judge(&history, gaussian_nll(self.data, random), self.data.width());
        let pictures = Pictures {
            title: self.title,
            data: self.data,
            history: &history,
            report: &report,
            random,
        };
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
            seconds: self.seconds,
            steps_per_second: trainer.step() as f64 / self.seconds.max(1e-9),
            best_nll: Best::nll(&history),
            evaluation: report,
            pictures: drawn
                .iter()
                .map(|name| format!("{}/{name}", layout::PICTURES))
                .collect(),
        };
        directory
            .write_json(layout::SUMMARY, &summary)
            .or_exit(Exit::RunDirectory)?;
        tracing::info!(status = ?summary.status, steps = summary.steps, reason = summary.reason, "training ended");
        if !self.quiet {
            let mut text = summary.text();
            text.push_str(&format!("run: {}\n", directory.path().display()));
            text.extend(
                drawn
                    .first()
                    .map(|name| format!("picture: {}\n", directory.picture(name).display())),
            );
            print(&text)?;
        }
        match (not_finite, summary.divergence) {
            (Some(error), _) => {
                let saved = format!("{}: the last good weights are saved", directory.path().display());
                Err(Failure::new(Exit::NotFinite, anyhow::Error::new(error).context(saved)))
            }
            (None, Some(found)) => {
                tracing::error!(reason = found.reason, advice = found.advice, "the run diverged");
                let at = directory.path().display();
                Err(Failure::message(
                    Exit::Diverged,
                    format!("{at}: the run diverged: {}; {}", found.reason, found.advice),
                ))
            }
            (None, None) => Ok(Exit::Success),
        }
    }
}
