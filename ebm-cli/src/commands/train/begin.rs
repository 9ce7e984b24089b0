//! The beginning of a training run: fresh, or from a checkpoint.

use ebm_train::TrainingState;
use std::path::{Path, PathBuf};

use super::{base_of, default_directory};
use crate::cli::Train;
use crate::commands::ending::Ending;
use crate::commands::loaded_run::data_folder;
use crate::config::{self, Resolved};
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{
    Checkpoint, Claim, Manifest, Marker, MetricsFile, RunDirectory, RunDirectoryError, Versions, layout,
};
use crate::series::{differences, phrase};

/// What may be another when a run goes on: it changes nothing that was computed so far.
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

/// Where a run begins. Nothing is changed on the disk yet.
pub(super) struct Begin {
    pub resolved: Resolved,
    pub marker: Marker,
    /// The state to go on from; who builds the trainer takes it.
    pub state: Option<TrainingState>,
    /// How the run ended, if there is nothing to go on with: the same configuration would end it the same way.
    pub ended: Option<Ending>,
    place: Place,
}

enum Place {
    /// At step 0, in a directory that is yet to be made.
    New(Claim),
    /// In a directory that is there, from a checkpoint, or from step 0 if the first was not reached.
    There(RunDirectory, Option<Box<Manifest>>),
}

/// A directory that is ready to be written to, and what the run goes on from.
pub(super) struct Begun {
    pub directory: RunDirectory,
    pub metrics: MetricsFile,
    /// The step of the checkpoint that the run goes on from.
    pub resumed: Option<u64>,
    /// Seconds of training so far.
    pub seconds: f64,
}

impl Begin {
    /// Looks at the arguments and what is on the disk. `processes`: how many are to train.
    ///
    /// # Errors
    /// If the configuration or the run directory cannot be used.
    pub fn of(arguments: &Train, processes: usize) -> Result<Self, Failure> {
        match (&arguments.resume, &arguments.config) {
            (Some(run), Some(file)) => match Claim::new(run, false) {
                Err(RunDirectoryError::Exists { .. }) => Self::resume(arguments, run, processes),
                // Nothing is there, or a run that was only begun: the same command starts it, and goes on with it.
                claim => Self::fresh(arguments, file, claim.or_exit(Exit::RunDirectory)?),
            },
            (Some(run), None) => Self::resume(arguments, run, processes),
            (None, Some(file)) => {
                let resolved = read(file, arguments)?;
                let path = arguments.run.clone();
                let path = path.unwrap_or_else(|| default_directory(file, resolved.config.seed));
                let claim = Claim::new(&path, arguments.overwrite).or_exit(Exit::RunDirectory)?;
                Self::fresh(arguments, file, claim)
            }
            (None, None) => Err(Failure::message(
                Exit::Usage,
                "give a configuration to train, or --resume RUN to go on with a run",
            )),
        }
    }

    fn fresh(arguments: &Train, file: &Path, claim: Claim) -> Result<Self, Failure> {
        Ok(Self {
            resolved: read(file, arguments)?,
            marker: Marker::new(file, &base(arguments, file)?),
            state: None,
            ended: None,
            place: Place::New(claim),
        })
    }

    fn resume(arguments: &Train, run: &Path, processes: usize) -> Result<Self, Failure> {
        let (directory, marker) = RunDirectory::take(run).or_exit(Exit::RunDirectory)?;
        let own = run.join(layout::CONFIG);
        let (resolved, marker) = match &arguments.config {
            None if !own.exists() => {
                let text = format!(
                    "{}: the run ended before it wrote its configuration; start it again: ebm train {} --resume {}",
                    run.display(),
                    marker.config.display(),
                    run.display()
                );
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            None => match &arguments.data {
                None => (read(&own, arguments)?, marker),
                Some(folder) => (
                    read(&own, arguments)?,
                    Marker::new(&marker.config, &data_folder(folder)?),
                ),
            },
            Some(file) => (read(file, arguments)?, Marker::new(file, &base(arguments, file)?)),
        };
        let same = own.exists() && unchanged(run, &resolved)?;
        let ended = Ending::read(run).or_exit(Exit::RunDirectory)?;
        let found = newest(&directory)?;
        if ended.is_some() && found.is_none() && !same {
            let text = format!(
                "{}: the run ended, and left no checkpoint to go on from; give --overwrite to train it again from its start",
                run.display()
            );
            return Err(Failure::message(Exit::RunDirectory, text));
        }
        if let Some(found) = &found {
            same_build(run, &found.0, &resolved, processes)?;
            let (done, steps) = (found.0.progress.step, resolved.config.train.steps);
            if done > steps {
                let text = format!(
                    "{}: {done} steps are done, more than train.steps = {steps}",
                    run.display()
                );
                return Err(Failure::message(Exit::Config, text));
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

    /// Has a run that is there say where its data are now.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn keep_marker(&self) -> Result<(), RunDirectoryError> {
        match &self.place {
            Place::New(_) => Ok(()),
            Place::There(directory, _) => directory.keep_marker(&self.marker),
        }
    }

    /// Makes the directory ready.
    ///
    /// # Errors
    /// If the system refuses, or another process trains there.
    pub fn begin(self) -> Result<Begun, RunDirectoryError> {
        let (directory, manifest) = match self.place {
            Place::New(claim) => (claim.create(&self.marker)?, None),
            Place::There(directory, manifest) => {
                directory.keep_marker(&self.marker)?;
                directory.reopen()?;
                directory.checkpoints().sweep()?;
                (directory, manifest)
            }
        };
        let config = &self.resolved.config;
        directory.write_config(config)?;
        directory.write_json(layout::VERSIONS, &Versions::of(config))?;
        let path = directory.path();
        Ok(match manifest {
            None => Begun {
                metrics: MetricsFile::create(path)?,
                directory,
                resumed: None,
                seconds: 0.0,
            },
            Some(manifest) => Begun {
                metrics: MetricsFile::resume(path, &manifest.metrics)?,
                directory,
                resumed: Some(manifest.progress.step),
                seconds: manifest.seconds,
            },
        })
    }
}

fn read(file: &Path, arguments: &Train) -> Result<Resolved, Failure> {
    config::load(file, &arguments.set).or_exit(Exit::Config)
}

fn base(arguments: &Train, file: &Path) -> Result<PathBuf, Failure> {
    base_of(file, arguments.data.as_deref())
}

/// Refuses a configuration that differs from the run's in what was computed so far; whether it is the same in all.
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
    let refused: Vec<_> = all
        .into_iter()
        .filter(|difference| !harmless(&difference.key))
        .collect();
    match refused.is_empty() {
        true => Ok(same),
        false => Err(Failure::message(
            Exit::Config,
            format!(
                "{}: the run cannot go on with another configuration: {}; what may differ: {}",
                run.display(),
                phrase(&refused),
                HARMLESS.join(", ")
            ),
        )),
    }
}

/// The newest checkpoint that is whole; `None` if there are none at all.
fn newest(directory: &RunDirectory) -> Result<Option<(Manifest, TrainingState)>, Failure> {
    let all = directory.checkpoints().list();
    let mut first = None;
    for checkpoint in all.iter().rev() {
        match usable(directory, checkpoint) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => {
                eprintln!("warning: a checkpoint cannot be used: {error}");
                first.get_or_insert(error);
            }
        }
    }
    first.map_or(Ok(None), |error| {
        let text = format!("{}: no checkpoint can be used", directory.path().display());
        Err(Failure::new(
            Exit::RunDirectory,
            anyhow::Error::new(error).context(text),
        ))
    })
}

fn usable(directory: &RunDirectory, checkpoint: &Checkpoint) -> Result<(Manifest, TrainingState), RunDirectoryError> {
    let (manifest, state) = checkpoint.read()?;
    MetricsFile::check(directory.path(), &manifest.metrics)?;
    Ok((manifest, state))
}

/// Refuses numbers of another precision, and says what may change the last digits.
fn same_build(run: &Path, manifest: &Manifest, resolved: &Resolved, processes: usize) -> Result<(), Failure> {
    let now = serde_json::to_value(Versions::of(&resolved.config)).or_exit(Exit::Other)?;
    let (was, is) = (&manifest.versions["precision"], &now["precision"]);
    if was != is {
        let text = format!(
            "{}: the run was trained in {was}, and this program computes in {is}",
            run.display()
        );
        return Err(Failure::message(Exit::RunDirectory, text));
    }
    let threads = ebm_core::kernels::parallel::threads();
    let other = differences(&now, &manifest.versions);
    if !other.is_empty() {
        eprintln!(
            "warning: the run goes on with another build, its last digits may differ: {}",
            phrase(&other)
        );
    }
    if processes != manifest.processes {
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

fn counted(processes: usize) -> String {
    match processes {
        1 => "1 process".into(),
        several => format!("{several} processes"),
    }
}
