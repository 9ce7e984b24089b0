//! `ebm train`: train a model, or go on with one, and write a run directory.

mod begin;
mod end;

use ebm_core::data::Dataset;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_core::trainer::{Observer, StopReason};
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::fresh_trainer::fresh_trainer;
use super::loaded_run::{data_folder, load_data};
use super::print;
use crate::cli::Train;
use crate::dispatch::{Work, with_geometry};
use crate::exit::{Exit, Failure, OrExit};
use crate::observers::{
    EvaluationObserver, History, Identity, MetricsLog, SampleGrid, SampleGrids, Saving, TensorBoard,
};
use crate::progress::progress;
use crate::run_directory::{MetricsReader, Versions, layout, log_to};
use crate::signals::Signals;
use begin::{Begin, Begun};
use end::End;

/// Does it.
///
/// Nothing is written, and no old run is replaced, before the configuration is known to be good, the data is read and
/// the models are built.
///
/// # Errors
/// If the configuration, the data or the run directory cannot be used, or training meets a NaN.
pub fn run(arguments: &Train) -> Result<Exit, Failure> {
    let begin = Begin::of(arguments)?;
    if let (Some(ended), Some(run)) = (&begin.ended, &arguments.resume) {
        if arguments.data.is_some() {
            // Nothing is left to train, but the other commands are to find the data where they are now.
            load_data(&begin.resolved.config, &begin.marker.base)?;
            begin.keep_marker().or_exit(Exit::RunDirectory)?;
        }
        if !arguments.quiet {
            print(&format!("the run {ended}; for more, --set train.steps=N\n"))?;
        }
        return ended.exit(run);
    }
    let config = &begin.resolved.config;
    let data = load_data(config, &begin.marker.base)?;
    let width = data.width();
    let latent = config.generator.latent_width(width);
    let quiet = arguments.quiet;
    with_geometry(latent, width, Start { begin, data, quiet })
}

fn default_directory(config: &Path, seed: u64) -> PathBuf {
    Path::new("runs").join(format!("{}-seed{seed}", title_of(config)))
}

/// The folder that relative paths of data start from: the one that `--data` names, or else that of the configuration file.
///
/// # Errors
/// If it is not there.
pub(super) fn base_of(file: &Path, data: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(folder) = data {
        return data_folder(folder);
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).canonicalize().or_exit(Exit::Config)
}

pub(super) fn title_of(config: &Path) -> String {
    config
        .file_stem()
        .map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned())
}

struct Start {
    begin: Begin,
    data: Arc<dyn Dataset>,
    quiet: bool,
}

impl Work for Start {
    type Output = Result<Exit, Failure>;
    fn run<G: SupportedGeometry>(self, geometry: G) -> Self::Output {
        let Self { mut begin, data, quiet } = self;
        let resolved = begin.resolved.clone();
        let config = &resolved.config;
        let random = Random::new(config.seed);
        let mut trainer = fresh_trainer(&resolved, data.clone(), geometry)?;
        if let Some(state) = begin.state.take() {
            trainer.resume(state).or_exit(Exit::RunDirectory)?;
        }

        let (title, from) = (title_of(&begin.marker.config), begin.marker.config.clone());
        let Begun {
            directory,
            metrics,
            resumed,
            seconds,
        } = begin.begin().or_exit(Exit::RunDirectory)?;
        log_to(directory.path()).or_exit(Exit::RunDirectory)?;
        tracing::info!(config = %from.display(), seed = config.seed, ?geometry, resumed, "training starts");
        let mut history = match resumed {
            None => History::default(),
            Some(_) => {
                let lines = MetricsReader::open(directory.path()).or_exit(Exit::RunDirectory)?;
                History::from_metrics(lines).or_exit(Exit::RunDirectory)?
            }
        };

        let signals = Signals::listen().or_exit(Exit::Other)?;
        let metrics = Rc::new(RefCell::new(metrics));
        let identity = Identity {
            config: config.hash().or_exit(Exit::Other)?,
            versions: serde_json::to_value(Versions::of(config)).or_exit(Exit::Other)?,
            seconds,
        };
        let (checkpoints, options) = (directory.checkpoints(), config.checkpoint.clone());
        let mut saving = Saving::new(checkpoints, options, identity, metrics.clone(), signals, resumed);
        let mut evaluation = EvaluationObserver::new(data.clone(), &config.evaluate, random);
        let mut log = MetricsLog::new(metrics, evaluation.latest());
        let mut shown = progress::<G>(config.train.steps, resumed.unwrap_or(0), quiet);
        let board = config.log.tensorboard;
        let board = board.then(|| TensorBoard::create(directory.path(), resumed.unwrap_or(0)));
        let mut board = board.transpose().or_exit(Exit::RunDirectory)?;
        let folder = directory.path().join(layout::PICTURES);
        let mut grids = SampleGrid::of(&title, &*data, random).map(|grid| SampleGrids::new(grid, folder));
        let outcome = {
            // Who saves comes last: what the others write of an iteration is written by then.
            let mut observers: Vec<&mut dyn Observer<G>> = vec![&mut evaluation, &mut log, &mut history];
            observers.extend(shown.as_deref_mut().map(|shown| shown as &mut dyn Observer<G>));
            observers.extend(board.as_mut().map(|board| board as &mut dyn Observer<G>));
            observers.extend(grids.as_mut().map(|grids| grids as &mut dyn Observer<G>));
            observers.push(&mut saving);
            trainer.run(&mut observers)
        };
        drop(shown);
        if matches!(&outcome, Ok(outcome) if outcome.reason == StopReason::Interrupted) {
            let (step, run) = (trainer.step(), directory.path().display());
            tracing::info!(step, "interrupted");
            if !quiet {
                print(&format!(
                    "interrupted after step {step}; the state is saved; go on with: ebm train --resume {run}\n"
                ))?;
            }
            return Ok(Exit::Interrupted);
        }
        let end = End {
            resolved: &resolved,
            title: &title,
            data: &*data,
            directory: &directory,
            quiet,
        };
        end.finish(&mut trainer, outcome, &mut log, history, &mut saving)
    }
}
