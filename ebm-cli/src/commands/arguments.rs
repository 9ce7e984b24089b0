//! Arguments that several commands share.

use clap::{Args, builder::RangedU64ValueParser};
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};

use crate::config::{self, Resolved};
use crate::exit::{Exit, Failure, OrExit};
use crate::output::folder_of;

/// A configuration file and the values set above it.
#[derive(Args, Debug)]
pub struct Source {
    /// Configuration file (TOML)
    pub config: PathBuf,
    /// Override a value of the file and the environment; may be repeated
    ///
    /// KEY is the full dotted key (train.steps). VALUE is TOML, or plain text (upper=none).
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl Source {
    /// Relative paths of data start from the folder of the file, unless `data` names another.
    pub fn resolve(&self, data: Option<&Path>) -> Result<Resolved, Failure> {
        config::load(&self.config, data, &self.set).or_exit(Exit::Config)
    }
}

pub fn count(range: impl RangeBounds<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// Parses a number of seconds that a person can wait for.
pub fn seconds(text: &str) -> Result<f64, String> {
    let read = text.parse().ok().filter(|seconds| (0.01..=3600.0).contains(seconds));
    read.ok_or_else(|| "expected a number of seconds from 0.01 to 3600".into())
}

/// The folder that `--data` names, as an absolute path.
pub fn data_folder(folder: &Path) -> Result<PathBuf, Failure> {
    let absolute = folder.canonicalize();
    absolute.map_err(|error| Failure::message(Exit::Data, format!("--data {}: {error}", folder.display())))
}

/// The folder that relative data paths start from: the one that `--data` names, or else that of the configuration file.
pub fn base_of(file: &Path, data: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(folder) = data {
        return data_folder(folder);
    }
    folder_of(file).canonicalize().or_exit(Exit::Config)
}

/// The name of a configuration file without its extension, which names runs.
pub fn title_of(config: &Path) -> String {
    config.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned())
}
