use serde::Serialize;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use super::{
    Checkpoint, Checkpoints, Holder, Manifest, Marker, RunDirectoryError, held_by, layout, read_json, regular,
};
use crate::config::{RunConfig, read_written};

/// The state of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// A process is training it now; which one, if that is known.
    Training(Option<Holder>),
    /// It ended, and how: `completed`, `diverged` or `not-finite`.
    Ended(String),
    /// It was interrupted, and can continue from a checkpoint.
    Interrupted,
    /// It was interrupted before its first checkpoint.
    Begun,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Training(Some(holder)) => write!(f, "training ({holder})"),
            Self::Training(None) => f.write_str("training"),
            Self::Ended(how) => f.write_str(how),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Begun => f.write_str("begun"),
        }
    }
}

/// A run at a glance; the files of checkpoints are not read.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunStatus {
    /// The directory.
    pub path: PathBuf,
    /// Its state.
    pub state: State,
    /// The configuration file it was made from.
    pub config: PathBuf,
    /// The bounds, as `lower+upper`, if the configuration can be read.
    pub bounds: Option<String>,
    /// Steps that are done and saved.
    pub steps: u64,
    /// Steps of the whole run.
    pub of: Option<u64>,
    /// Negative log-likelihood of the final evaluation, in nats.
    pub nll: Option<f64>,
    /// Lower bound of the final evaluation, in nats.
    pub lower: Option<f64>,
    /// Upper bound of the final evaluation, in nats.
    pub upper: Option<f64>,
    /// Bytes on the disk, all files.
    pub bytes: u64,
    /// Its checkpoints.
    pub checkpoints: Vec<Saved>,
}

/// A checkpoint at a glance; its files are not read.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Saved {
    /// Iterations done.
    pub step: u64,
    /// Bytes on the disk.
    pub bytes: u64,
    /// Seconds of training until then; absent if its manifest cannot be read.
    pub seconds: Option<f64>,
    /// Name and value of the watched metric, if it was the best at that time.
    pub best: Option<(String, f64)>,
}

impl RunStatus {
    /// Reads the status of a run.
    pub fn read(path: &Path) -> Result<Self, RunDirectoryError> {
        let marker = Marker::read(path)?;
        let checkpoints: Vec<Saved> = Checkpoints::of(path).list().iter().filter_map(Saved::of).collect();
        let summary = read_json(&path.join(layout::SUMMARY));
        let state = match (held_by(path), &summary) {
            (Some(holder), _) => State::Training(holder),
            (None, Some(summary)) => State::Ended(summary["status"].as_str().unwrap_or("ended").into()),
            (None, None) if checkpoints.is_empty() => State::Begun,
            (None, None) => State::Interrupted,
        };
        let config: Option<RunConfig> =
            regular::read_text(&path.join(layout::CONFIG)).ok().and_then(|text| read_written(&text).ok());
        let figure = |name: &str| {
            let figures = summary.as_ref()?["evaluation"]["figures"].as_array()?;
            figures.iter().find(|figure| figure["name"] == name)?["value"].as_f64()
        };
        let saved = checkpoints.last().map_or(0, |last| last.step);
        let bounds = |config: &RunConfig| format!("{}+{}", config.lower.typetag_name(), config.upper.typetag_name());
        Ok(Self {
            path: path.into(),
            state,
            config: marker.config,
            bounds: config.as_ref().map(bounds),
            steps: summary.as_ref().and_then(|s| s["steps"].as_u64()).unwrap_or(saved),
            of: config.as_ref().map(|config| config.train.steps),
            nll: figure("nll"),
            lower: figure("lower"),
            upper: figure("upper"),
            bytes: size(path),
            checkpoints,
        })
    }
}

impl Saved {
    /// `None` if another process has removed it meanwhile.
    fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let manifest = Manifest::read(&checkpoint.path).ok();
        if manifest.is_none() && !checkpoint.is_there() {
            return None;
        }
        Some(Self {
            step: checkpoint.step,
            bytes: size(&checkpoint.path),
            seconds: manifest.as_ref().map(|manifest| manifest.seconds),
            best: manifest.and_then(|manifest| manifest.watched).map(|watched| (watched.metric, watched.value)),
        })
    }
}

/// Bytes of all files in a folder; files that cannot be read count as 0.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        _ => entry.metadata().map_or(0, |found| found.len()),
    };
    entries.map(of).sum()
}
