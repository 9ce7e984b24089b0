//! The directory of a run: its configuration, metrics, weights, checkpoints and pictures.
//!
//! Files are written beside their place and renamed: a reader sees whole files only. Metrics and log grow by lines.

mod checkpoints;
mod checksum;
mod claim;
mod description;
mod error;
mod exported;
mod format;
pub mod layout;
mod leftovers;
mod lock;
mod manifest;
mod marker;
mod metrics;
mod metrics_reader;
mod status;
mod verification;
mod versions;

pub use checkpoints::{Checkpoint, Checkpoints};
pub use claim::Claim;
pub use description::Description;
pub use ebm_train::files::durable;
pub(crate) use ebm_train::files::{own, regular, write_atomically};
pub use error::RunDirectoryError;
pub use exported::Exported;
pub(crate) use format::Format;
pub use lock::{Holder, held_by};
pub use manifest::{Digest, Manifest, Watched};
pub use marker::Marker;
pub use metrics::{Metric, MetricsFile};
pub use metrics_reader::{MetricsLine, MetricsReader};
pub use status::{RunStatus, Saved, State, size};
pub use versions::Versions;

use ebm_core::parameter::State as Arrays;
use ebm_train::state_file;
use serde::Serialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::{collections::BTreeMap, io::Write, sync::Mutex};
use tracing_subscriber::EnvFilter;

use crate::config::RunConfig;
use ebm_eval::evaluate::Report;

/// The directory of a run.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Keeps other processes from writing here while this one does.
    _lock: Option<File>,
}

impl RunDirectory {
    /// Opens an existing run to read it.
    pub fn open(path: &Path) -> Result<(Self, Marker), RunDirectoryError> {
        let directory = Self { path: path.into(), _lock: None };
        Ok((directory, Marker::read(path)?))
    }

    /// Opens an existing run to write to it: no other process can while this value lives.
    pub fn take(path: &Path) -> Result<(Self, Marker), RunDirectoryError> {
        // Checked first: a directory that is not a run gets no lock file.
        Marker::read(path)?;
        let directory = Self { path: path.into(), _lock: lock::lock(path)? };
        check_folders(path)?;
        leftovers::sweep(path);
        Ok((directory, Marker::read(path)?))
    }

    /// Its checkpoints.
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints::of(&self.path)
    }

    /// Rewrites the marker if the run now has another configuration file or folder of data.
    pub fn keep_marker(&self, marker: &Marker) -> Result<(), RunDirectoryError> {
        if Marker::read(&self.path)? == *marker { Ok(()) } else { write_json(&self.path.join(layout::MARKER), marker) }
    }

    /// Removes the files written at the end of the run, so that the run can continue.
    pub fn reopen(&self) -> Result<(), RunDirectoryError> {
        // The summary, which has the hashes of the other files, goes before any of them changes.
        let (summary, weights) = (self.path.join(layout::SUMMARY), self.path.join(layout::WEIGHTS));
        durable::remove(&summary)
            .and_then(|()| durable::sync_folder(&self.path))
            .and_then(|()| durable::remove(&weights))
            .map_err(RunDirectoryError::io(&self.path, "remove the old end of the run"))?;
        create_folders(&self.path)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a picture.
    pub fn picture(&self, name: &str) -> PathBuf {
        self.path.join(layout::PICTURES).join(name)
    }

    /// Writes the resolved configuration, with its checksum. Returns its text, without it.
    pub fn write_config(&self, config: &RunConfig) -> Result<String, RunDirectoryError> {
        let path = self.path.join(layout::CONFIG);
        let text = toml::to_string(config).map_err(|error| RunDirectoryError::damaged(&path, error))?;
        write(&path, &checksum::with_checksum(layout::CONFIG, text.as_bytes()))?;
        Ok(text)
    }

    /// Writes a JSON file of the run, with its checksum. Returns its text, without it.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<String, RunDirectoryError> {
        let path = self.path.join(name);
        let text = json_text(value, &path)?;
        write(&path, &checksum::with_checksum(name, text.as_bytes()))?;
        Ok(text)
    }

    /// Writes the weights of every player that has any. Returns the digests of their files, by their names in the run directory.
    pub fn write_weights(
        &self,
        states: &BTreeMap<&'static str, Arrays>,
        step: u64,
    ) -> Result<BTreeMap<String, Digest>, RunDirectoryError> {
        // One entry only: the format stores several in no particular order, and equal runs write equal files.
        let written_by = format!("ebm {}, step {step}", env!("CARGO_PKG_VERSION"));
        let metadata = BTreeMap::from([("written_by".to_string(), written_by)]);
        let mut digests = BTreeMap::new();
        for (player, state) in states.iter().filter(|(_, state)| !state.is_empty()) {
            let name = format!("{}/{player}.safetensors", layout::WEIGHTS);
            let path = self.path.join(&name);
            let bytes = state_file::encode(state, &metadata, &path).map_err(RunDirectoryError::weights(player))?;
            write(&path, &bytes)?;
            digests.insert(name, Digest::of(&bytes));
        }
        Ok(digests)
    }

    /// Reads the weights at the end of the run, by owner.
    pub fn read_weights(&self) -> Result<BTreeMap<String, Arrays>, RunDirectoryError> {
        let read = |(player, path): (String, PathBuf)| {
            let state = state_file::load(&path).map_err(RunDirectoryError::weights(&player))?;
            Ok((player, state))
        };
        self.weight_files().into_iter().map(read).collect()
    }

    /// The final evaluation, if there was one.
    pub fn final_evaluation(&self) -> Option<Report> {
        let mut summary = read_json(&self.path.join(layout::SUMMARY))?;
        serde_json::from_value(summary["evaluation"].take()).ok()
    }

    /// Every file of weights, by owner.
    pub fn weight_files(&self) -> BTreeMap<String, PathBuf> {
        let entries = fs::read_dir(self.path.join(layout::WEIGHTS)).into_iter().flatten();
        let paths = entries.flatten().map(|entry| entry.path());
        let own = paths.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors"));
        let player = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        own.map(|path| (player(&path), path)).collect()
    }
}

/// Sends traces to the end of the run's log, from now on. `RUST_LOG` selects which; by default, `info` and above.
pub fn log_to(directory: &Path) -> Result<(), RunDirectoryError> {
    let path = directory.join(layout::LOG);
    let open = || fs::OpenOptions::new().create(true).append(true).open(&path);
    let file = own::detach(&path).and_then(|()| open());
    let file = file.map_err(RunDirectoryError::io(&path, "make the file"))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    // A program that embeds this one may have a subscriber already; it gets the events then.
    let _ = subscriber.try_init();
    Ok(())
}

/// Refuses links in place of a run's folders: what is written to them, or removed from them, is to be the run's own.
fn check_folders(directory: &Path) -> Result<(), RunDirectoryError> {
    for folder in layout::FOLDERS.into_iter().chain(layout::OPTIONAL_FOLDERS) {
        let folder = directory.join(folder);
        own::own(&folder).map_err(RunDirectoryError::io(&folder, "use the folder"))?;
    }
    Ok(())
}

/// Makes the folders of a run.
fn create_folders(directory: &Path) -> Result<(), RunDirectoryError> {
    for folder in layout::FOLDERS {
        let folder = directory.join(folder);
        durable::create_folders(&folder).map_err(RunDirectoryError::io(&folder, "make the folder"))?;
    }
    Ok(())
}

/// A JSON file, if it is there and complete.
pub(crate) fn read_json(path: &Path) -> Option<serde_json::Value> {
    serde_json::from_slice(&regular::read(path).ok()?).ok()
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RunDirectoryError> {
    write(path, json_text(value, path)?.as_bytes())
}

/// The content of the JSON file at `path`.
fn json_text(value: &impl Serialize, path: &Path) -> Result<String, RunDirectoryError> {
    let mut text = serde_json::to_string_pretty(value).map_err(|error| RunDirectoryError::damaged(path, error))?;
    text.push('\n');
    Ok(text)
}

/// Writes a file, whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), RunDirectoryError> {
    write_atomically(path, |file| file.write_all(bytes)).map_err(RunDirectoryError::io(path, "write the file"))
}
