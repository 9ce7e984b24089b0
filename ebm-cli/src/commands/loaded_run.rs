//! A run or an exported model, read back: its configuration, data and trained models.

use anyhow::Context;
use clap::Args;
use ebm_core::parameter::{Module, State};
use ebm_core::{data::Dataset, device::check_device, random::Random, registry::SupportedGeometry};
use ebm_train::Players;
use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use super::arguments::data_folder;
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::run_directory::{
    Checkpoint, Checkpoints, Description, Exported, Marker, RunDirectory, RunDirectoryError, layout,
};
use crate::{config::RunConfig, output::folder_of};
use ebm_data::Prefetched;

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
            return Ok(LoadedRun { config, steps, base: folder_of(path).into(), described: Some(data), arrays });
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
                let checkpoint = choose(path, which)?;
                if which.is_none() {
                    eprintln!("note: the run is not at its end; this is its checkpoint of step {}", checkpoint.step);
                }
                let (_, state) = checkpoint.read().map_err(|error| whole_instead(&directory, error))?;
                (checkpoint.step, state.arrays)
            }
        };
        Ok(LoadedRun { config, steps, base, described: None, arrays })
    }
}

pub struct LoadedRun {
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

    /// Loads its data; those of an exported model are relative to the folder of the file.
    pub fn data(&self) -> Result<Arc<dyn Dataset>, Failure> {
        load_data(&self.config, &self.base)
    }

    /// Describes its data, which need not be there for an exported model.
    pub fn description(&self) -> Result<Description, Failure> {
        if let Some(described) = &self.described {
            return Ok(described.clone());
        }
        let data = self.data()?;
        Ok(Description {
            width: data.width(),
            standardization: data.standardization(),
            columns: data.columns(),
            image: data.image(),
        })
    }

    /// Builds the players with their trained weights, averaged where the run kept an average.
    pub fn players<G: SupportedGeometry>(&self, geometry: G) -> Result<Players<G>, Failure> {
        let config = &self.config;
        let mut players = Players::build(geometry, config.components(), &config.train, Random::new(config.seed))
            .or_exit(Exit::RunDirectory)?;
        self.load("energy", &mut *players.energy)?;
        self.load("generator", &mut *players.generator)?;
        self.load("lower", &mut *players.lower)?;
        self.load("upper", &mut *players.upper)?;
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
