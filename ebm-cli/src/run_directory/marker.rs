//! The file that says that a directory is a run.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use super::{RunDirectoryError, format::Format, layout, regular};

/// The format that this program writes. Version 2 has checkpoints.
const FORMAT: Format = Format::new("ebm run", 2);

/// The configuration file that a run was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    format: String,
    /// The configuration file, as it was given.
    pub config: PathBuf,
    /// The folder that relative paths of the configuration are relative to.
    pub base: PathBuf,
}

impl Marker {
    /// The marker of a run made from a configuration file.
    pub fn new(config: &Path, base: &Path) -> Self {
        Self { format: FORMAT.to_string(), config: config.into(), base: base.into() }
    }

    /// The marker of the run at `directory`.
    pub fn read(directory: &Path) -> Result<Self, RunDirectoryError> {
        let not = |reason: String| RunDirectoryError::NotARun { path: directory.into(), reason };
        let text = regular::read_text(&directory.join(layout::MARKER))
            .map_err(|error| not(format!("{}: {error}", layout::MARKER)))?;
        let marker: Self =
            serde_json::from_str(&text).map_err(|error| not(format!("{} is none of ours: {error}", layout::MARKER)))?;
        FORMAT.accepts(&marker.format).map_err(|reason| not(format!("{}: {reason}", layout::MARKER)))?;
        Ok(marker)
    }
}
