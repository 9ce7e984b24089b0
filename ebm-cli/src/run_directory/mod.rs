//! The directory of a run: what it was made from, its figures, its weights, its pictures.
//!
//! Files are written beside their place and renamed, so that a reader sees all of one or nothing. Two grow while the
//! run goes on, by whole lines: the metrics and the log.

pub mod checkpoint;
mod claim;
mod error;
mod exported;
mod format;
pub mod layout;
mod lock;
mod log;
mod marker;
mod metrics;
mod metrics_reader;
mod standing;
mod versions;

pub use checkpoint::{Checkpoint, CheckpointError, Checkpoints, Digest, Manifest, Moment, Watched};
pub use claim::Claim;
pub use ebm_train::files::durable;
pub(crate) use ebm_train::files::write_atomically;
pub use error::RunDirectoryError;
pub use exported::{Description, Exported};
pub(crate) use format::Format;
pub use lock::{Holder, RunLock, held_by};
pub use log::log_to;
pub use marker::Marker;
pub use metrics::{Metric, MetricsFile};
pub use metrics_reader::{LONGEST_LINE, MetricsLine, MetricsReader};
pub use standing::{Saved, Standing, State, size};
pub use versions::Versions;

use ebm_core::parameter::State as Arrays;
use ebm_train::state_file;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::config::RunConfig;
use ebm_eval::evaluate::Report;

/// The directory of a run.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Keeps other processes from writing here while this one does.
    _lock: Option<RunLock>,
}

impl RunDirectory {
    fn held(path: PathBuf, lock: RunLock) -> Self {
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

    /// An existing run, to go on with: no other process writes to it while this value lives.
    ///
    /// # Errors
    /// If the path holds no run, or another process has it.
    pub fn take(path: &Path) -> Result<(Self, Marker), RunDirectoryError> {
        // A look first: what is no run gets no lock file.
        Marker::read(path)?;
        let lock = RunLock::take(path)?;
        Ok((Self::held(path.into(), lock), Marker::read(path)?))
    }

    /// Its checkpoints.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::of(&self.path)
    }

    /// Writes what the run is made from, if that is another configuration file or folder of data than it says.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn keep_marker(&self, marker: &Marker) -> Result<(), RunDirectoryError> {
        match Marker::read(&self.path)? == *marker {
            true => Ok(()),
            false => self.write_json(layout::MARKER, marker),
        }
    }

    /// Removes what is written at the end of a run that is to go on.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn reopen(&self) -> Result<(), RunDirectoryError> {
        for name in [layout::SUMMARY, layout::WEIGHTS] {
            let path = self.path.join(name);
            durable::remove(&path).map_err(RunDirectoryError::io(&path, "remove the old end of the run"))?;
        }
        for folder in layout::FOLDERS {
            let folder = self.path.join(folder);
            durable::create_folders(&folder).map_err(RunDirectoryError::io(&folder, "make the folder"))?;
        }
        Ok(())
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
        read_json(&self.path.join(layout::SUMMARY))?["steps"].as_u64()
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
    pub fn write_weights(&self, states: &BTreeMap<&'static str, Arrays>, step: u64) -> Result<(), RunDirectoryError> {
        // One entry only: the format stores several in no particular order, and equal runs write equal files.
        let written_by = format!("ebm {}, step {step}", env!("CARGO_PKG_VERSION"));
        let metadata = BTreeMap::from([("written_by".to_string(), written_by)]);
        for (player, state) in states.iter().filter(|(_, state)| !state.is_empty()) {
            let path = self.weights(player);
            let bytes = state_file::encode(state, &metadata, &path).map_err(|source| RunDirectoryError::Weights {
                player: player.to_string(),
                source,
            })?;
            write_atomically(&path, |file| file.write_all(&bytes))
                .map_err(RunDirectoryError::io(&path, "write the file"))?;
        }
        Ok(())
    }

    /// Reads the weights at the end of the run, by owner.
    ///
    /// # Errors
    /// If a file is damaged.
    pub fn read_weights(&self) -> Result<BTreeMap<String, Arrays>, RunDirectoryError> {
        let read = |(player, path): (String, PathBuf)| match state_file::load(&path) {
            Ok(state) => Ok((player, state)),
            Err(source) => Err(RunDirectoryError::Weights { player, source }),
        };
        self.weight_files().into_iter().map(read).collect()
    }

    /// The final evaluation, if the run came to one.
    pub fn final_evaluation(&self) -> Option<Report> {
        let mut summary = read_json(&self.path.join(layout::SUMMARY))?;
        serde_json::from_value(summary["evaluation"].take()).ok()
    }

    /// Every file of weights, by owner.
    pub fn weight_files(&self) -> BTreeMap<String, PathBuf> {
        let entries = fs::read_dir(self.path.join(layout::WEIGHTS)).into_iter().flatten();
        let paths = entries.flatten().map(|entry| entry.path());
        let own = paths.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"));
        own.map(|path| {
            (
                path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                path,
            )
        })
        .collect()
    }

    fn weights(&self, player: &str) -> PathBuf {
        self.path.join(layout::WEIGHTS).join(format!("{player}.safetensors"))
    }
}

/// A JSON file, if it is there and whole.
pub(crate) fn read_json(path: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RunDirectoryError> {
    write_atomically(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
    .map_err(RunDirectoryError::io(path, "write the file"))
}
