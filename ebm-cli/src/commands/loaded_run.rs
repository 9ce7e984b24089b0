//! A run read back: its configuration, data and trained models.

use ebm_core::data::Dataset;
use ebm_core::random::Random;
use ebm_core::registry::SupportedGeometry;
use ebm_core::trainer::Players;
use std::path::Path;
use std::sync::Arc;

use crate::config::RunConfig;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Marker, RunDirectory};

/// A run read back.
pub struct LoadedRun {
    /// Its directory.
    pub directory: RunDirectory,
    /// Its configuration.
    pub config: RunConfig,
    /// Its data.
    pub data: Arc<dyn Dataset>,
}

impl LoadedRun {
    /// Opens a run.
    ///
    /// # Errors
    /// If there is no run, or its data is gone.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let (directory, Marker { base, .. }) = RunDirectory::open(path).or_exit(Exit::RunDirectory)?;
        let config = directory.read_config().or_exit(Exit::RunDirectory)?;
        let data = load_data(&config, &base)?;
        Ok(Self {
            directory,
            config,
            data,
        })
    }

    /// Number of latent and of data dimensions.
    pub fn widths(&self) -> (usize, usize) {
        let width = self.data.width();
        (self.config.generator.latent_width(width), width)
    }

    /// The players with their trained weights, averaged where the run kept an average.
    ///
    /// # Errors
    /// If weights are missing or do not fit the configuration.
    pub fn players<G: SupportedGeometry>(&self, geometry: G) -> Result<Players<G>, Failure> {
        let config = &self.config;
        let mut players = Players::build(geometry, config.components(), &config.train, Random::new(config.seed))
            .or_exit(Exit::RunDirectory)?;
        let directory = &self.directory;
        directory
            .load_weights("energy", &mut *players.energy)
            .or_exit(Exit::RunDirectory)?;
        directory
            .load_weights("generator", &mut *players.generator)
            .or_exit(Exit::RunDirectory)?;
        directory
            .load_weights("lower", &mut *players.lower)
            .or_exit(Exit::RunDirectory)?;
        directory
            .load_weights("upper", &mut *players.upper)
            .or_exit(Exit::RunDirectory)?;
        Ok(players)
    }
}

/// Loads the data of a configuration; relative paths are relative to `base`.
///
/// # Errors
/// If it is missing or malformed.
pub fn load_data(config: &RunConfig, base: &Path) -> Result<Arc<dyn Dataset>, Failure> {
    let data = config
        .data
        .load(base, Random::new(config.seed).stream("data-set"))
        .or_exit(Exit::Data)?;
    Ok(Arc::from(data))
}
