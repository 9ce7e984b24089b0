//! The state of a planned run on disk.

use serde_json::Value;
use std::path::Path;

use super::differences::{Difference, differences, phrase};
use crate::config::{RunConfig, read_written};
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Claim, RunDirectory, Versions, held_by, layout, read_json, regular};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Existing {
    /// No run, or one that was interrupted and cannot continue: it is trained from its start.
    Nothing,
    /// The planned run, not finished, with a checkpoint to continue from.
    Begun,
    Finished,
    /// A finished run of another configuration, another build or other data, or one that is damaged, with the differences.
    Different(String),
    Held,
}

impl Existing {
    /// Looks at the run at `path`, which is planned with `config` and data relative to `base`.
    pub fn at(path: &Path, config: &RunConfig, base: &Path) -> Result<Self, Failure> {
        Claim::new(path, true).or_exit(Exit::RunDirectory)?;
        if held_by(path).is_some() {
            return Ok(Self::Held);
        }
        let Ok((directory, marker)) = RunDirectory::open(path) else { return Ok(Self::Nothing) };
        // The summary is written last.
        let ended = read_json(&path.join(layout::SUMMARY)).is_some();
        if !ended && directory.last_whole().is_none() {
            return Ok(Self::Nothing);
        }
        let Ok(text) = regular::read_text(&path.join(layout::CONFIG)) else { return Ok(Self::Nothing) };
        // In the form of today, if its components are linked in.
        let form = |config: &RunConfig| toml::to_string(config).or_exit(Exit::Other);
        let text = read_written(&text).map_or(Ok(text), |config| form(&config))?;
        let Ok(found) = toml::from_str(&text) else { return Ok(Self::Nothing) };
        let mut differing = differences(&found, &toml::from_str(&form(config)?).or_exit(Exit::Other)?);
        // A build of another version may compute other numbers. Its configuration is compared above.
        let build = |mut value: Value| {
            value.as_object_mut().map(|table| ["components", "checksum"].map(|key| table.remove(key)));
            value
        };
        let versions = serde_json::to_value(Versions::of(config)).or_exit(Exit::Other)?;
        let there = read_json(&path.join(layout::VERSIONS)).unwrap_or_default();
        differing.extend(differences(&build(there), &build(versions)));
        if marker.base != base {
            let [found, wanted] = [&*marker.base, base].map(|path| Some(path.display().to_string().into()));
            differing.push(Difference { key: "the folder of relative paths".into(), found, wanted });
        }
        Ok(match (differing.is_empty(), ended) {
            (true, true) => {
                let damage = directory.verify().into_iter().find_map(|(_, outcome)| outcome.err());
                damage.map_or(Self::Finished, |error| Self::Different(format!("damage ({error})")))
            }
            (true, false) => Self::Begun,
            (false, true) => Self::Different(phrase(&differing)),
            (false, false) => Self::Nothing,
        })
    }
}
