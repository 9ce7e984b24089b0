use ebm_core::parameter::State;
use ebm_train::state_file;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::Path};

use super::{Description, RunDirectoryError, format::Format, write};
use crate::config::{RunConfig, read_written};

/// The format that this program writes.
const FORMAT: Format = Format::new("ebm model", 1);
/// The separator between the owner of an array and its name.
const SEPARATOR: char = '/';

/// A trained model: everything that sampling and evaluation need, in one file.
pub struct Exported {
    /// The resolved configuration.
    pub config: RunConfig,
    /// Steps it was trained for.
    pub steps: u64,
    /// The data it was trained on.
    pub data: Description,
    /// Arrays by owner; averages in place of the weights that they average.
    pub arrays: BTreeMap<String, State>,
}

#[derive(Serialize, Deserialize)]
struct About {
    steps: u64,
    data: Description,
}

impl Exported {
    /// Writes the file, whole or not at all. `more`: further entries of its metadata, for people.
    pub fn save(&self, path: &Path, more: &BTreeMap<String, String>) -> Result<(), RunDirectoryError> {
        let damaged = |error: &dyn ToString| RunDirectoryError::damaged(path, error.to_string());
        let about = About { steps: self.steps, data: self.data.clone() };
        let mut metadata = more.clone();
        metadata.extend([
            ("ebm.format".into(), FORMAT.to_string()),
            ("ebm.config".into(), toml::to_string(&self.config).map_err(|error| damaged(&error))?),
            ("ebm.model".into(), serde_json::to_string(&about).map_err(|error| damaged(&error))?),
        ]);
        let mut all = State::new();
        for (owner, state) in &self.arrays {
            let named = |(name, array): (&String, &_)| (format!("{owner}{SEPARATOR}{name}"), Clone::clone(array));
            all.extend(state.iter().map(named));
        }
        let bytes = state_file::encode(&all, &metadata, path).map_err(|error| damaged(&error))?;
        write(path, &bytes)
    }

    /// Reads a file. Nothing in it is run; it only names components that are linked into this program. An error if it is not
    /// such a file, is of a newer format, or names a component that is not linked in.
    pub fn read(path: &Path) -> Result<Self, RunDirectoryError> {
        let damaged = |reason: String| RunDirectoryError::damaged(path, reason);
        let bytes = state_file::read_bytes(path).map_err(RunDirectoryError::weights("model"))?;
        let metadata = state_file::metadata(&bytes, path).map_err(|e| damaged(e.to_string()))?;
        let entry = |key: &str| {
            let missing = || damaged(format!("no model of `ebm export` (its metadata has no {key})"));
            metadata.get(key).ok_or_else(missing)
        };
        FORMAT.accepts(entry("ebm.format")?).map_err(damaged)?;
        let config = read_written(entry("ebm.config")?).map_err(|e| damaged(e.to_string()))?;
        let about: About = serde_json::from_str(entry("ebm.model")?).map_err(|e| damaged(e.to_string()))?;
        let mut arrays: BTreeMap<String, State> = BTreeMap::new();
        for (name, array) in state_file::decode(&bytes, path).map_err(|e| damaged(e.to_string()))? {
            let Some((owner, name)) = name.split_once(SEPARATOR) else {
                return Err(damaged(format!("the array {name:?} belongs to nobody")));
            };
            arrays.entry(owner.into()).or_default().insert(name.into(), array);
        }
        Ok(Self { config, steps: about.steps, data: about.data, arrays })
    }
}
