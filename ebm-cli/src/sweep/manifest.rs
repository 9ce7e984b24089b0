//! What the folder of a sweep says it is: its runs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::fs;
use std::path::{Path, PathBuf};

use crate::config::{Sweep, labels};
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::Format;
use crate::series::{Kind, SeriesDirectory};

/// What the processes of each run said.
const LOGS: &str = "logs";

/// The folder of a sweep.
pub const SWEEP: Kind = Kind {
    marker: "sweep.json",
    format: Format::new("ebm sweep", 1),
    noun: "sweep",
    act: "sweeps",
    folders: &[LOGS],
};

/// A run of a sweep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its point, counted from 0.
    pub point: usize,
    /// Its seed.
    pub seed: u64,
    /// What its point gives to keys.
    pub values: Map<String, Json>,
}

/// The runs of a sweep, in the order of their numbers: every point with all of its seeds, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    /// The name of the sweep.
    pub name: String,
    /// The file it was asked for with, as it was given.
    pub spec: PathBuf,
    /// What was set above that file.
    pub set: Vec<String>,
    /// The folder that relative paths of data start from.
    pub base: PathBuf,
    /// The keys that points give values to.
    pub keys: Vec<String>,
    /// The runs.
    pub runs: Vec<Run>,
}

impl Manifest {
    /// Of a sweep that was read from `spec` with `set` above it; relative paths of data start from `base`.
    ///
    /// # Errors
    /// If a value has no JSON form.
    pub fn new(sweep: &Sweep, spec: &Path, set: &[String], base: &Path) -> Result<Self, Failure> {
        let mut runs = Vec::new();
        for (index, point) in sweep.points.iter().enumerate() {
            let mut values = Map::new();
            for (key, value) in &point.values {
                values.insert(key.clone(), serde_json::to_value(value).or_exit(Exit::Other)?);
            }
            runs.extend(sweep.seeds.iter().map(|&seed| Run {
                point: index,
                seed,
                values: values.clone(),
            }));
        }
        Ok(Self {
            format: SWEEP.format.to_string(),
            name: sweep.name.clone(),
            spec: spec.into(),
            set: set.to_vec(),
            base: base.into(),
            keys: sweep.keys(),
            runs,
        })
    }

    /// That of the sweep at `directory`.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(SWEEP.marker);
        let failed = |reason: String| {
            let text = format!("{}: {reason}; expected the folder of an `ebm sweep`", path.display());
            Failure::message(Exit::RunDirectory, text)
        };
        let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        let read: Self = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        SWEEP.format.accepts(&read.format).map_err(failed)?;
        Ok(read)
    }

    /// How a run is called: what sets it apart, `weight=0.5 seed=1`.
    pub fn name_of(&self, run: &Run) -> String {
        let labels = labels(&self.keys);
        let named = self.keys.iter().zip(&labels);
        let values = named.filter_map(|(key, label)| Some(format!("{label}={}", shown(run.values.get(key)?))));
        let seed = std::iter::once(format!("seed={}", run.seed));
        values.chain(seed).collect::<Vec<_>>().join(" ")
    }

    /// The list of runs for people and spreadsheets.
    ///
    /// # Errors
    /// If a cell cannot be written.
    pub fn csv(&self) -> Result<String, Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let heads = ["index", "name", "point", "seed"].into_iter();
        let heads = heads.chain(self.keys.iter().map(String::as_str));
        writer.write_record(heads).or_exit(Exit::Other)?;
        for (index, run) in self.runs.iter().enumerate() {
            let first = [
                index.to_string(),
                self.name_of(run),
                run.point.to_string(),
                run.seed.to_string(),
            ];
            let values = self
                .keys
                .iter()
                .map(|key| run.values.get(key).map_or_else(String::new, shown));
            writer
                .write_record(first.into_iter().chain(values))
                .or_exit(Exit::Other)?;
        }
        text_of(writer)
    }
}

/// The text that was written.
pub(super) fn text_of(writer: csv::Writer<Vec<u8>>) -> Result<String, Failure> {
    let bytes = writer
        .into_inner()
        .map_err(|error| Failure::message(Exit::Other, error.to_string()))?;
    String::from_utf8(bytes).or_exit(Exit::Other)
}

/// A value as people read it, on one line: a text without quotes, else JSON.
pub(super) fn shown(value: &Json) -> String {
    match value {
        Json::String(text) if !text.contains(char::is_control) => text.clone(),
        value => value.to_string(),
    }
}

/// The number of a run, as its files are called.
pub fn id(index: usize) -> String {
    format!("{index:04}")
}

/// The configuration of a run of the sweep at `directory`.
pub fn config_of(directory: &Path, index: usize) -> PathBuf {
    SeriesDirectory::config_of(directory, &id(index))
}

/// The directory of a run of the sweep at `directory`.
pub fn run_of(directory: &Path, index: usize) -> PathBuf {
    SeriesDirectory::run_of(directory, &id(index))
}

/// What the processes of a run of the sweep at `directory` said.
pub fn log_of(directory: &Path, index: usize) -> PathBuf {
    directory.join(LOGS).join(format!("{}.log", id(index)))
}
