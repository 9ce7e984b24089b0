//! A run or an exported model, read back: its configuration, data and trained models.

use anyhow::Context;
use clap::Args;
use ebm_core::parameter::{Module, State};
use ebm_core::{data::Dataset, device::check_device, random::Random, registry::SupportedGeometry};
use ebm_train::{Objective, Players};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};
use std::{collections::BTreeMap, str::FromStr};

use super::arguments::data_folder;
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::memory::{Needs, Shortage};
use crate::run_directory::{
    Checkpoint, Checkpoints, Description, Exported, Marker, RunDirectory, RunDirectoryError, layout,
};
use crate::{config::RunConfig, observers::moments, output::folder_of};
use ebm_data::{Prefetched, Rescaled};

/// A checkpoint of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Latest,
    /// The best checkpoint by the watched metric.
    Best,
    Step(u64),
}

impl FromStr for Which {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "latest" => Ok(Self::Latest),
            "best" => Ok(Self::Best),
            step => step.parse().map(Self::Step).map_err(|_| "expected latest, best, or a step".into()),
        }
    }
}

/// A trained model to read.
#[derive(Args, Debug)]
pub struct TrainedModel {
    /// Run directory, or a file written by `ebm export`
    pub run: PathBuf,
    /// Checkpoint to use: latest, best, or a step [default: the end of the run, or its latest checkpoint]
    #[arg(long, value_name = "WHICH")]
    pub checkpoint: Option<Which>,
}

impl TrainedModel {
    /// Opens the given checkpoint, or else the weights at the end of the run, or the last checkpoint of a run that has not ended.
    pub fn open(&self) -> Result<LoadedRun, Failure> {
        check_device().or_exit(Exit::Other)?;
        let (path, which) = (&*self.run, self.checkpoint);
        if path.is_file() {
            if which.is_some() {
                fail!(Exit::Usage, "{}: a file has no checkpoints; give a run directory", path.display());
            }
            let Exported { config, steps, data, arrays } = Exported::read(path)?;
            let (base, described) = (folder_of(path).into(), Some(data));
            return Ok(LoadedRun { path: path.into(), config, steps, base, described, arrays });
        }
        let (directory, Marker { base, .. }) = RunDirectory::open(path)?;
        let config = directory.read_config()?;
        let ended = match which {
            None => directory.steps_done()?,
            Some(_) => None,
        };
        let (steps, arrays) = match ended {
            Some(steps) => (steps, directory.read_weights()?),
            None => {
                let mut checkpoint = choose(path, which)?;
                let mut read = checkpoint.read();
                if read.is_err() && !checkpoint.is_there() {
                    // Another process saved a newer one, and removed this one, between the two.
                    checkpoint = choose(path, which)?;
                    read = checkpoint.read();
                }
                if which.is_none() {
                    eprintln!("note: the run is not at its end; this is its checkpoint of step {}", checkpoint.step);
                }
                let (_, state) = read.map_err(|error| whole_instead(&directory, error))?;
                (checkpoint.step, state.arrays)
            }
        };
        let described = directory.read_description()?;
        Ok(LoadedRun { path: path.into(), config, steps, base, described, arrays })
    }
}

/// The data beside a model.
#[derive(Args, Debug)]
pub struct DataOptions {
    /// Folder that relative data paths start from [default: the one used in training]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Go on if the data are not those that the model was trained on, and say so in the report
    #[arg(long)]
    pub changed_data: bool,
}

pub struct LoadedRun {
    path: PathBuf,
    pub config: RunConfig,
    pub steps: u64,
    base: PathBuf,
    described: Option<Description>,
    arrays: BTreeMap<String, State>,
}

impl LoadedRun {
    /// Replaces the folder that relative data paths start from, if one is given.
    pub fn with_data(mut self, folder: Option<&Path>) -> Result<Self, Failure> {
        if let Some(folder) = folder {
            self.base = data_folder(folder)?;
        }
        Ok(self)
    }

    /// Loads its data; those of an exported model are relative to the folder of the file. Refuses data that the model was not
    /// trained on.
    pub fn data(&self) -> Result<Arc<dyn Dataset>, Failure> {
        match self.found()? {
            (data, None) => Ok(data),
            (_, Some(difference)) => Err(other_data(&self.path, &difference, "")),
        }
    }

    /// Loads its data from where the options say. Data that the model was not trained on are refused unless the options accept
    /// them; then they come in the model's units, with a warning for the report.
    pub fn data_or_changed(&self, options: &DataOptions) -> Result<(Arc<dyn Dataset>, Option<String>), Failure> {
        let (data, difference) = self.found()?;
        let Some(difference) = difference else { return Ok((data, None)) };
        let trained = self.described.as_ref().filter(|trained| trained.width == data.width());
        let Some(trained) = trained else { return Err(other_data(&self.path, &difference, "")) };
        if !options.changed_data {
            return Err(other_data(&self.path, &difference, ", or give --changed-data to go on and say so"));
        }
        let warning = format!(
            "these data are not those that the model was trained on ({difference}): samples that are held out here may have been \
             trained on"
        );
        let data: Arc<dyn Dataset> = match (data.standardization(), &trained.standardization) {
            (Some(from), Some(to)) if from != *to => Arc::new(Rescaled::new(data, from, to.clone())),
            _ => data,
        };
        Ok((data, Some(warning)))
    }

    /// Its data, and in which way they differ from those that it was trained on, if they do.
    fn found(&self) -> Result<(Arc<dyn Dataset>, Option<String>), Failure> {
        let data = load_data(&self.config, &self.base)?;
        let now = Description::of(&*data);
        let trained = self.described.as_ref();
        if trained.is_none_or(|trained| trained.fingerprint.is_none()) {
            tell_unrecorded(&self.path, &now);
        }
        let difference = trained.and_then(|trained| trained.difference(&now));
        Ok((data, difference))
    }

    /// Describes the data that it was trained on, which need not be there unless the run is of an earlier release.
    pub fn description(&self) -> Result<Description, Failure> {
        let recorded = self.described.clone();
        let starts_from_data = self.config.train.objective == Objective::MaximumLikelihood;
        match recorded {
            Some(recorded) if recorded.moments.is_some() || !starts_from_data => Ok(recorded),
            Some(recorded) => {
                let moments = describe(&self.config, &*self.data()?).moments;
                Ok(Description { moments, ..recorded })
            }
            None => Ok(describe(&self.config, &*self.data()?)),
        }
    }

    /// Refuses work for which there is not enough memory.
    pub fn fits(&self, needs: &Needs<'_>) -> Result<(), Failure> {
        if let Some(Shortage { reason, .. }) = needs.shortage() {
            fail!(Exit::Config, "{}: {reason}", self.path.display());
        }
        Ok(())
    }

    /// Builds the players with their trained weights, averaged where the run kept an average, as they are after its steps.
    pub fn players<G: SupportedGeometry>(&self, geometry: G) -> Result<Players<G>, Failure> {
        let config = &self.config;
        let mut players = Players::build(geometry, config.components(), &config.train, Random::new(config.seed))
            .or_exit(Exit::RunDirectory)?;
        self.load("energy", &mut *players.energy)?;
        self.load("generator", &mut *players.generator)?;
        self.load("lower", &mut *players.lower)?;
        self.load("upper", &mut *players.upper)?;
        players.at_step(self.steps);
        Ok(players)
    }

    /// The arrays of the players, averages in place of the weights that they average.
    pub fn weights(&self) -> BTreeMap<String, State> {
        let of = |owner: &str| Some((owner.to_string(), self.of(owner)?.clone()));
        ["energy", "generator", "lower", "upper"].into_iter().filter_map(of).collect()
    }

    fn of(&self, owner: &str) -> Option<&State> {
        let average = self.arrays.get(&format!("{owner}-average"));
        average.or_else(|| self.arrays.get(owner))
    }

    fn load<M: Module + ?Sized>(&self, owner: &str, module: &mut M) -> Result<(), Failure> {
        if module.parameters().is_empty() {
            return Ok(());
        }
        let loaded = module.load_state(self.of(owner).unwrap_or(&State::new()));
        loaded.with_context(|| format!("weights of the {owner}")).or_exit(Exit::RunDirectory)
    }
}

/// The failure of a damaged checkpoint, with the last whole one.
fn whole_instead(directory: &RunDirectory, error: RunDirectoryError) -> Failure {
    let instead = match directory.last_whole() {
        Some(whole) => format!("the last whole checkpoint is that of step {0}: --checkpoint {0}", whole.progress.step),
        None => "no checkpoint of the run is whole".into(),
    };
    Failure::message(Exit::RunDirectory, format!("{error}; {instead}"))
}

fn choose(run: &Path, which: Option<Which>) -> Result<Checkpoint, Failure> {
    let checkpoints = Checkpoints::of(run);
    let all = checkpoints.list();
    let chosen = match which {
        None | Some(Which::Latest) => all.last().cloned(),
        Some(Which::Best) => checkpoints.best().map(|(best, _)| best),
        Some(Which::Step(step)) => all.iter().find(|checkpoint| checkpoint.step == step).cloned(),
    };
    chosen.ok_or_else(|| {
        let steps: Vec<String> = all.iter().map(|checkpoint| checkpoint.step.to_string()).collect();
        let there = match &steps[..] {
            [] => "there are none".into(),
            steps => format!("there are those of steps {}", steps.join(", ")),
        };
        let wanted = match which {
            Some(Which::Best) => "no best checkpoint (checkpoint.best names the metric)",
            Some(Which::Step(_)) => "no checkpoint of this step",
            None | Some(Which::Latest) => "no weights and no checkpoint yet",
        };
        let folder = run.join(layout::CHECKPOINTS);
        Failure::message(Exit::RunDirectory, format!("{}: {wanted}; {there}", folder.display()))
    })
}

/// Describes the data of a configuration, with what sampling needs of them.
pub fn describe(config: &RunConfig, data: &dyn Dataset) -> Description {
    let starts_from_data = config.train.objective == Objective::MaximumLikelihood;
    // From the place that samples with the seed of the run are from.
    let fitted = || moments(data, Random::new(config.seed).stream("samples"));
    Description { moments: starts_from_data.then(fitted), ..Description::of(data) }
}

/// The failure of data that the run or model at `path` was not trained on.
pub fn other_data(path: &Path, difference: &str, way_out: &str) -> Failure {
    let text = format!(
        "{}: the data are not those that it was trained on: {difference}; put those back, say where they are by --data DIR, or \
         train another run on these{way_out}",
        path.display()
    );
    Failure::message(Exit::Data, text)
}

/// Notes once that finite data cannot be compared with those of training.
pub fn tell_unrecorded(path: &Path, now: &Description) {
    static TOLD: Once = Once::new();
    if now.fingerprint.is_some() {
        let path = path.display();
        TOLD.call_once(|| {
            eprintln!(
                "note: {path}: written by an earlier release, which did not record the data; whether they have changed is not known"
            );
        });
    }
}

/// Loads the data of a configuration; relative paths are relative to `base`.
pub fn load_data(config: &RunConfig, base: &Path) -> Result<Arc<dyn Dataset>, Failure> {
    let data = config.data.load(base, Random::new(config.seed).stream("data-set")).or_exit(Exit::Data)?;
    let data: Arc<dyn Dataset> = Arc::from(data);
    // A batch of numbers in the plane is drawn faster than it is handed from thread to thread.
    Ok(match data.image() {
        Some(_) => Arc::new(Prefetched::new(data)),
        None => data,
    })
}
