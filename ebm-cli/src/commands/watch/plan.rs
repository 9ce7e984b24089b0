//! What a watched run set out to do.

use std::fs;
use std::io;
use std::path::Path;
use toml::Table;

use crate::run_directory::{RunDirectoryError, layout};

/// What is read of `config.toml`. Its components need not be linked into this program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Steps of the run.
    pub(super) steps: Option<u64>,
    /// Name of the lower bound.
    pub(super) lower: Option<String>,
    /// Name of the upper bound.
    pub(super) upper: Option<String>,
}

impl Plan {
    /// The plan of the run at `directory`, as far as it is there.
    ///
    /// # Errors
    /// If the configuration cannot be read.
    pub(super) fn read(directory: &Path) -> Result<Self, RunDirectoryError> {
        let path = directory.join(layout::CONFIG);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(RunDirectoryError::io(&path, "read the file"))?,
        };
        let table: Table = text
            .parse()
            .map_err(|error: toml::de::Error| RunDirectoryError::Damaged {
                path,
                reason: error.to_string().trim().replace('\n', " "),
            })?;
        let value = |section: &str, key: &str| table.get(section)?.get(key);
        let kind = |section: &str| Some(value(section, "kind")?.as_str()?.to_string());
        Ok(Self {
            steps: value("train", "steps").and_then(|steps| u64::try_from(steps.as_integer()?).ok()),
            lower: kind("lower"),
            upper: kind("upper"),
        })
    }
}
