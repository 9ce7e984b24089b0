//! The beginning of a training run: fresh, or from a checkpoint.

use anyhow::Context;
use ebm_train::TrainingState;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::{cell::RefCell, fmt::Debug, rc::Rc};

use super::Train;
use crate::commands::arguments::{base_of, data_folder, title_of};
use crate::commands::loaded_run::{other_data, tell_unrecorded};
use crate::commands::summary::RunEnd;
use crate::config::{self, Resolved};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::observers::{History, Saving, TensorBoard, prune};
use crate::output::warn;
use crate::run_directory::{
    Checkpoint, Claim, Description, Manifest, Marker, MetricsFile, MetricsReader, RunDirectory, RunDirectoryError,
    Versions, layout, log_to,
};
use crate::series::{Difference, differences, phrase};
use crate::signals::Signals;

/// The keys that may differ when a run continues: they change nothing that was computed so far.
const HARMLESS: [&str; 8] = [
    "train.steps",
    "train.log_every",
    "train.evaluate_every",
    "train.stop",
    "train.non_finite",
    "evaluate",
    "checkpoint",
    "log",
];

/// The longest description of the data that checkpoints keep, in bytes: a manifest has its limit.
const DESCRIBED: usize = 1 << 20;

/// The beginning of a run. Nothing has changed on the disk yet, but for remains of checkpoints that were never finished.
pub(super) struct Begin {
    pub resolved: Resolved,
    pub marker: Marker,
    /// The state to continue from, which the trainer takes.
    pub state: Option<TrainingState>,
    /// How the run ended, if there is nothing left to do: the same configuration would end it in the same way.
    pub ended: Option<RunEnd>,
    place: Place,
}

enum Place {
    /// At step 0, in a directory that does not exist yet.
    New(Claim),
    /// In an existing directory, from a checkpoint, or from step 0 if the first was not reached.
    There(RunDirectory, Option<Box<Manifest>>),
}

/// The directory of a run, and what observers write there.
pub(super) struct Prepared {
    pub directory: RunDirectory,
    pub metrics: Rc<RefCell<MetricsFile>>,
    pub history: History,
    pub saving: Saving,
    pub board: Option<TensorBoard>,
    /// The step of the checkpoint that the run continues from.
    pub resumed: Option<u64>,
}

impl Begin {
    /// Reads the arguments and the state on the disk, for training by this number of processes.
    pub fn of(arguments: &Train, processes: usize) -> Result<Self, Failure> {
        match (&arguments.resume, &arguments.config) {
            (Some(run), Some(file)) => match Claim::new(run, false) {
                Err(RunDirectoryError::Exists { .. }) => Self::resume(arguments, run, processes),
                // Nothing is there, or a run that was only begun: the same command starts it and continues it.
                claim => {
                    let claim = claim?;
                    Self::fresh(arguments, file, claim, read(file, arguments)?)
                }
            },
            (Some(run), None) => Self::resume(arguments, run, processes),
            (None, Some(file)) => {
                let resolved = read(file, arguments)?;
                let seed = resolved.config.seed;
                let default = || Path::new("runs").join(format!("{}-seed{seed}", title_of(file)));
                let path = arguments.run.clone().unwrap_or_else(default);
                let claim = Claim::new(&path, arguments.overwrite)?;
                Self::fresh(arguments, file, claim, resolved)
            }
            (None, None) => fail!(Exit::Usage, "give a configuration to train, or --resume RUN to go on with a run"),
        }
    }

    fn fresh(arguments: &Train, file: &Path, claim: Claim, resolved: Resolved) -> Result<Self, Failure> {
        Ok(Self {
            resolved,
            marker: Marker::new(file, &base(arguments, file)?),
            state: None,
            ended: None,
            place: Place::New(claim),
        })
    }

    fn resume(arguments: &Train, run: &Path, processes: usize) -> Result<Self, Failure> {
        let (directory, marker) = RunDirectory::take(run)?;
        // The last whole checkpoint may be one that was moved aside to be replaced.
        directory.checkpoints().sweep()?;
        directory.intact()?;
        let own = run.join(layout::CONFIG);
        let (resolved, marker) = match &arguments.config {
            None if !own.exists() => {
                fail!(
                    Exit::RunDirectory,
                    "{}: the run ended before it wrote its configuration; start it again: ebm train {} --resume {0}",
                    run.display(),
                    marker.config.display()
                );
            }
            None => {
                let resolved = config::load_written(&own, &arguments.set).or_exit(Exit::Config)?;
                match &arguments.data {
                    None => (resolved, marker),
                    Some(folder) => (resolved, Marker::new(&marker.config, &data_folder(folder)?)),
                }
            }
            Some(file) => (read(file, arguments)?, Marker::new(file, &base(arguments, file)?)),
        };
        let same = own.exists() && unchanged(run, &resolved)?;
        let ended = RunEnd::read(run)?;
        let found = newest(&directory)?;
        if ended.is_some() && found.is_none() && !same {
            fail!(
                Exit::RunDirectory,
                "{}: the run ended, and left no checkpoint to go on from; give --overwrite to train it again from its start",
                run.display()
            );
        }
        if let Some(found) = &found {
            same_build(run, &found.0, &resolved, processes)?;
            let (done, steps) = (found.0.progress.step, resolved.config.train.steps);
            if done > steps {
                fail!(Exit::Config, "{}: {done} steps are done, more than train.steps = {steps}", run.display());
            }
        }
        let (manifest, state) = found.unzip();
        Ok(Self {
            resolved,
            marker,
            state,
            ended: ended.filter(|ended| same && ended.is_final()),
            place: Place::There(directory, manifest.map(Box::new)),
        })
    }

    /// Records where the data of an existing run are now.
    pub fn keep_marker(&self) -> Result<(), RunDirectoryError> {
        match &self.place {
            Place::New(_) => Ok(()),
            Place::There(directory, _) => directory.keep_marker(&self.marker),
        }
    }

    /// Refuses data other than those that an existing run was trained on so far.
    pub fn check_data(&self, now: &Description) -> Result<(), Failure> {
        let Place::There(directory, manifest) = &self.place else { return Ok(()) };
        // From its start a run may be trained on anything.
        if manifest.is_none() && self.ended.is_none() {
            return Ok(());
        }
        let Some(trained) = directory.read_description()? else {
            tell_unrecorded(directory.path(), now);
            return Ok(());
        };
        let difference = trained.difference(now);
        difference.map_or(Ok(()), |difference| Err(other_data(directory.path(), &difference, "")))
    }

    /// Makes the directory ready for a run on these `data`, of models of this `geometry`, on this number of `processes`.
    pub fn prepare(self, data: &Description, geometry: &dyn Debug, processes: usize) -> Result<Prepared, Failure> {
        let config = &self.resolved.config;
        // In the form that manifests have, from which the file can be restored to the byte.
        let versions = serde_json::to_value(Versions::of(config)).or_exit(Exit::Other)?;
        let (directory, manifest) = match self.place {
            Place::New(claim) => (claim.create(&self.marker)?, None),
            Place::There(directory, manifest) => {
                directory.keep_marker(&self.marker)?;
                directory.reopen()?;
                (directory, manifest)
            }
        };
        let text = directory.write_config(config)?;
        directory.write_json(layout::VERSIONS, &versions)?;
        let described = directory.write_json(layout::DATA, data)?;
        let (metrics, history) = match &manifest {
            None => (MetricsFile::create(directory.path())?, History::default()),
            // Back to the checkpoint that the run continues from.
            Some(manifest) => {
                let metrics = MetricsFile::resume(directory.path(), &manifest.metrics)?;
                (metrics, History::from_metrics(MetricsReader::open(directory.path())?)?)
            }
        };
        let resumed = manifest.as_ref().map(|manifest| manifest.progress.step);
        if let Some(step) = resumed {
            // A process that was killed may have saved this one, and not have come to removing the one before.
            prune(&directory.checkpoints(), config.checkpoint.keep, step);
        }
        log_to(directory.path())?;
        let from = self.marker.config.display();
        tracing::info!(config = %from, seed = config.seed, ?geometry, processes, resumed, "training starts");
        let signals = Signals::listen().or_exit(Exit::Other)?;
        let metrics = Rc::new(RefCell::new(metrics));
        let mut about = Manifest::new(text, versions, processes);
        about.seconds = manifest.map_or(0.0, |manifest| manifest.seconds);
        if described.len() <= DESCRIBED {
            about.data_text = described;
        }
        let (checkpoints, options) = (directory.checkpoints(), config.checkpoint.clone());
        let saving = Saving::new(checkpoints, options, about, metrics.clone(), signals, resumed);
        let board = config.log.tensorboard;
        let board = board.then(|| TensorBoard::create(directory.path(), resumed.unwrap_or(0))).transpose()?;
        Ok(Prepared { directory, metrics, history, saving, board, resumed })
    }
}

fn read(file: &Path, arguments: &Train) -> Result<Resolved, Failure> {
    config::load(file, arguments.data.as_deref(), &arguments.set).or_exit(Exit::Config)
}

fn base(arguments: &Train, file: &Path) -> Result<PathBuf, Failure> {
    base_of(file, arguments.data.as_deref())
}

/// Refuses a configuration that differs from the run's in what determined the steps so far. Returns whether they are
/// equal.
fn unchanged(run: &Path, resolved: &Resolved) -> Result<bool, Failure> {
    let own = config::load_alone(&run.join(layout::CONFIG)).or_exit(Exit::RunDirectory)?;
    let form = |resolved: &Resolved| serde_json::to_value(&resolved.config).or_exit(Exit::Other);
    let within = |key: &str, known: &str| {
        let rest = key.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let harmless = |key: &str| HARMLESS.iter().any(|known| within(key, known));
    let all = differences(&form(resolved)?, &form(&own)?);
    let same = all.is_empty();
    let refused: Vec<_> = all.into_iter().filter(|found| !harmless(&found.key)).collect();
    if !refused.is_empty() {
        let in_two = |found: &Difference| {
            found.key == "data.validation" && found.wanted.as_ref().and_then(Value::as_f64) == Some(0.0)
        };
        let way_out = match refused.iter().any(in_two) {
            true => "; to keep the split of an earlier release: --set data.validation=0",
            false => "",
        };
        fail!(
            Exit::Config,
            "{}: the run cannot go on with another configuration: {}; what may differ: {}{way_out}",
            run.display(),
            phrase(&refused),
            HARMLESS.join(", ")
        );
    }
    Ok(same)
}

/// The newest checkpoint that is undamaged; `None` if there are none at all.
fn newest(directory: &RunDirectory) -> Result<Option<(Manifest, TrainingState)>, Failure> {
    let all = directory.checkpoints().list();
    let mut first = None;
    let usable = |checkpoint: &Checkpoint| {
        let found = checkpoint.read()?;
        MetricsFile::check(directory.path(), &found.0.metrics).map(|_| found)
    };
    for checkpoint in all.iter().rev() {
        match usable(checkpoint) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => {
                warn(format_args!("a checkpoint cannot be used: {error}"));
                first.get_or_insert(error);
            }
        }
    }
    let none = || format!("{}: no checkpoint can be used", directory.path().display());
    first.map_or(Ok(None), Err).with_context(none).or_exit(Exit::RunDirectory)
}

/// Refuses a state of another precision, and warns of differences that may change the last digits.
fn same_build(run: &Path, manifest: &Manifest, resolved: &Resolved, processes: usize) -> Result<(), Failure> {
    let now = serde_json::to_value(Versions::of(&resolved.config)).or_exit(Exit::Other)?;
    let (was, is) = (&manifest.versions["precision"], &now["precision"]);
    if was != is {
        fail!(Exit::RunDirectory, "{}: the run was trained in {was}, and this program computes in {is}", run.display());
    }
    let threads = ebm_core::kernels::parallel::threads();
    let other = differences(&now, &manifest.versions);
    if !other.is_empty() {
        warn(format_args!("the run goes on with another build, its last digits may differ: {}", phrase(&other)));
    }
    if processes != manifest.processes {
        let counted = |n: usize| if n == 1 { "1 process".to_string() } else { format!("{n} processes") };
        eprintln!(
            "warning: the run goes on with {} instead of {}, which changes its last digits, and what they do not train as one \
             does, if there is such",
            counted(processes),
            counted(manifest.processes)
        );
    }
    if threads != manifest.threads {
        eprintln!(
            "warning: the run goes on with {threads} threads instead of {}, which changes its last digits \
             (RAYON_NUM_THREADS)",
            manifest.threads
        );
    }
    Ok(())
}
