//! What lies in the folder of a comparison.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

use crate::run_directory::Format;
use crate::series::{Kind, SeriesDirectory};

/// Pictures of all pairs together.
const PICTURES: &str = "pictures";

/// The folder of a comparison.
pub const COMPARISON: Kind = Kind {
    marker: "compare.json",
    format: Format::new("ebm comparison", 1),
    noun: "comparison",
    act: "compares",
    folders: &[PICTURES],
};

/// What a comparison was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparisonMarker {
    format: String,
    /// The configuration file, as it was given.
    pub config: PathBuf,
}

impl ComparisonMarker {
    /// The marker of a comparison made from a configuration file.
    pub fn new(config: &Path) -> Self {
        Self {
            format: COMPARISON.format.to_string(),
            config: config.into(),
        }
    }
}

/// The place of a picture of a comparison.
pub(super) fn picture(directory: &SeriesDirectory, name: &str) -> PathBuf {
    directory.path().join(PICTURES).join(name)
}
