//! `ebm config`: show, check, start and explain configurations.

use clap::{Args, Subcommand};
use ebm_core::data::{DataError, Dataset};
use ebm_core::{device::check_device, random::Random};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{Source, base_of};
use super::{data_warnings::data_warnings, fresh_trainer::can_be_built, reference::reference};
use crate::config::{self, Resolved, check_watched};
use crate::exit::{Exit, Failure, OrExit};
use crate::output::{print, warn};

/// A configuration, and where its data are.
#[derive(Args, Debug)]
pub struct SourceAndData {
    /// The configuration.
    #[command(flatten)]
    pub source: Source,
    /// Folder that relative data paths start from [default: that of the configuration file]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl SourceAndData {
    fn resolve(&self) -> Result<Resolved, Failure> {
        self.source.resolve(self.data.as_deref())
    }
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Print the resolved configuration, with the source of each value
    #[command(after_help = "Example:\n  EBM_SEED=3 ebm config show run.toml --set upper=none")]
    Show(SourceAndData),
    /// Print a commented configuration with every option at its default for data in the plane
    #[command(after_help = "Example:\n  ebm config default > run.toml")]
    Default,
    /// Check a configuration without running it, with its data if they are there
    #[command(after_help = "Example:\n  ebm config check run.toml --set train.batch=64")]
    Check(SourceAndData),
    /// Print all options with their types, defaults and meanings, as Markdown
    #[command(after_help = "\
Examples:
  ebm config reference > options.md     everything that is linked into this program
  ebm config reference train
  ebm config reference generator.flow")]
    Reference {
        /// A section (train) or a component (upper.gp) [default: all]
        place: Option<String>,
    },
}

pub fn run(command: &Config) -> Result<Exit, Failure> {
    match command {
        Config::Default => print(&config::example().or_exit(Exit::Other)?),
        Config::Reference { place } => print(&reference(place.as_deref())?),
        Config::Show(given) => print(&config::show(&given.resolve()?).or_exit(Exit::Other)?),
        Config::Check(given) => {
            let resolved = given.resolve()?;
            check_with_data(&resolved, &given.source.config, given.data.as_deref())?;
            print(&format!("{}: a good configuration\n", given.source.config.display()))
        }
    }
}

/// Builds the models for the data, and warns of whatever looks wrong about the data. Those that are not there are not looked at.
fn check_with_data(resolved: &Resolved, file: &Path, folder: Option<&Path>) -> Result<(), Failure> {
    let (config, base) = (&resolved.config, base_of(file, folder)?);
    check_watched(config, None).map_err(|error| Failure::new(Exit::Config, resolved.misfit(error)))?;
    let data: Arc<dyn Dataset> = match config.data.load(&base, Random::new(config.seed).stream("data-set")) {
        Ok(data) => Arc::from(data),
        Err(error @ (DataError::Missing { .. } | DataError::Io { .. })) => {
            eprintln!("note: the data were not looked at: {error}");
            return Ok(());
        }
        Err(error) => return Err(Failure::new(Exit::Data, error)),
    };
    data_warnings(config, &*data).iter().for_each(warn);
    // A build for GPUs has none where jobs are handed in.
    if check_device().is_ok() { can_be_built(resolved, data, true) } else { Ok(()) }
}
