//! The directory of a run: what it was made from, its figures, its weights, its pictures.
//!
//! Files are written beside their place and renamed, so that a reader sees all of one or nothing. Two grow while the
//! run goes on, by whole lines: the metrics and the log.

mod claim;
mod error;
pub mod layout;
mod log;
mod marker;
mod metrics;
mod metrics_reader;
mod versions;

pub use claim::{Claim, is_held};
pub use error::RunDirectoryError;
pub use log::log_to;
pub use marker::Marker;
pub use metrics::{Metric, MetricsFile};
pub use metrics_reader::{LONGEST_LINE, MetricsLine, MetricsReader};
pub use versions::Versions;

use ebm_core::parameter::{Module, State};
use ebm_core::state_file;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::config::RunConfig;
use crate::plots::write_atomically;

/// The directory of a run.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Keeps other processes from writing here while this one does.
    _lock: Option<File>,
}

impl RunDirectory {
    fn held(path: PathBuf, lock: File) -> Self {
        Self {
            path,
            _lock: Some(lock),
        }
    }

    /// An existing run, to read.
    ///
    /// # Errors
    /// If the path holds no run.
    pub fn open(path: &Path) -> Result<(Self, Marker), RunDirectoryError> {
        let marker = Marker::read(path)?;
        Ok((
            Self {
                path: path.into(),
                _lock: None,
            },
            marker,
        ))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The place of a picture.
    pub fn picture(&self, name: &str) -> PathBuf {
        self.path.join(layout::PICTURES).join(name)
    }

    /// Writes the resolved configuration.
    ///
    /// # Errors
    /// If it has no TOML form, or the file cannot be written.
    pub fn write_config(&self, config: &RunConfig) -> Result<(), RunDirectoryError> {
        let path = self.path.join(layout::CONFIG);
        let text = toml::to_string(config).map_err(|error| RunDirectoryError::Damaged {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        write_atomically(&path, |file| file.write_all(text.as_bytes()))
            .map_err(RunDirectoryError::io(&path, "write the file"))
    }

    /// Reads the resolved configuration back.
    ///
    /// # Errors
    /// If it is missing, or names what is not linked into this program.
    pub fn read_config(&self) -> Result<RunConfig, RunDirectoryError> {
        let path = self.path.join(layout::CONFIG);
        let text = fs::read_to_string(&path).map_err(RunDirectoryError::io(&path, "read the file"))?;
        toml::from_str(&text).map_err(|error: toml::de::Error| RunDirectoryError::Damaged {
            path,
            reason: error.to_string().trim().replace('\n', " "),
        })
    }

    /// How many steps the run did, if it ended and said so.
    pub fn steps_done(&self) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(layout::SUMMARY)).ok()?;
        let summary: serde_json::Value = serde_json::from_str(&text).ok()?;
        summary.get("steps")?.as_u64()
    }

    /// Writes a JSON file of the run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunDirectoryError> {
        write_json(&self.path.join(name), value)
    }

    /// Writes the weights of every player that has any.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write_weights(&self, states: &BTreeMap<&'static str, State>, step: u64) -> Result<(), RunDirectoryError> {
        // One entry only: the format stores several in no particular order, and equal runs write equal files.
        let written_by = format!("ebm {}, step {step}", env!("CARGO_PKG_VERSION"));
        let metadata = BTreeMap::from([("written_by".to_string(), written_by)]);
        for (player, state) in states.iter().filter(|(_, state)| !state.is_empty()) {
            state_file::save(&self.weights(player), state, &metadata).map_err(|source| RunDirectoryError::Weights {
                player: player.to_string(),
                source,
            })?;
        }
        Ok(())
    }

    /// Loads a player's weights: the averaged ones where the run kept an average.
    ///
    /// # Errors
    /// If they are missing, or belong to another model.
    pub fn load_weights<M: Module + ?Sized>(&self, player: &str, module: &mut M) -> Result<(), RunDirectoryError> {
        if module.parameters().is_empty() {
            return Ok(());
        }
        let average = self.weights(&format!("{player}-average"));
        let path = if average.exists() {
            average
        } else {
            self.weights(player)
        };
        let loaded = state_file::load(&path).and_then(|state| module.load_state(&state));
        loaded.map_err(|source| RunDirectoryError::Weights {
            player: player.to_string(),
            source,
        })
    }

    fn weights(&self, player: &str) -> PathBuf {
        self.path.join(layout::WEIGHTS).join(format!("{player}.safetensors"))
    }
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RunDirectoryError> {
    write_atomically(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
    .map_err(RunDirectoryError::io(path, "write the file"))
}
