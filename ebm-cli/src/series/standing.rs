//! What of a run is there already.

use serde_json::Value;
use std::fs;
use std::path::Path;

use super::differences::{Difference, differences, phrase};
use crate::config::RunConfig;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{Checkpoint, Checkpoints, Claim, Marker, MetricsFile, Versions, layout, read_json};

/// What of a run is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing, or a run that did not end and cannot go on: it is to be trained from its start.
    Wanting,
    /// The run that is wanted, not at its end, with a checkpoint to go on from.
    Begun,
    /// The run that is wanted.
    Finished,
    /// A run that ended, of another configuration or another build; what differs.
    Different(String),
}

impl Standing {
    /// Looks at the run at `path`, wanted with `config` and data relative to `base`.
    ///
    /// # Errors
    /// If something is there that is no run.
    pub fn of(path: &Path, config: &RunConfig, base: &Path) -> Result<Self, Failure> {
        Claim::new(path, true).or_exit(Exit::RunDirectory)?;
        let Ok(marker) = Marker::read(path) else {
            return Ok(Self::Wanting);
        };
        // The summary is written last.
        let ended = read_json(&path.join(layout::SUMMARY)).is_some();
        let whole = |checkpoint: &Checkpoint| {
            let manifest = checkpoint.verify();
            manifest.is_ok_and(|manifest| MetricsFile::check(path, &manifest.metrics).is_ok())
        };
        let can_go_on = !ended && Checkpoints::of(path).list().iter().any(whole);
        if !ended && !can_go_on {
            return Ok(Self::Wanting);
        }
        let text = fs::read_to_string(path.join(layout::CONFIG)).ok();
        let Some(found) = text.and_then(|text| text.parse::<toml::Table>().ok()) else {
            return Ok(Self::Wanting);
        };
        // Through its text form, as the one that was found.
        let wanted: toml::Table = toml::to_string(config)
            .or_exit(Exit::Other)?
            .parse()
            .or_exit(Exit::Other)?;
        let table = |table: toml::Table| serde_json::to_value(table).or_exit(Exit::Other);
        let mut differing = differences(&table(found)?, &table(wanted)?);
        let versions = serde_json::to_value(Versions::of(config)).or_exit(Exit::Other)?;
        // A build of another version may compute other numbers. What it is configured with is told above.
        let build = |mut value: Value| {
            value.as_object_mut().map(|table| table.remove("components"));
            value
        };
        let there = build(read_json(&path.join(layout::VERSIONS)).unwrap_or_default());
        differing.extend(differences(&there, &build(versions)));
        if marker.base != base {
            let folder = |path: &Path| Some(path.display().to_string().into());
            differing.push(Difference {
                key: "the folder of relative paths".into(),
                found: folder(&marker.base),
                wanted: folder(base),
            });
        }
        Ok(match (differing.is_empty(), ended) {
            (true, true) => Self::Finished,
            (true, false) => Self::Begun,
            (false, true) => Self::Different(phrase(&differing)),
            (false, false) => Self::Wanting,
        })
    }
}
