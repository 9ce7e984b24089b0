//! The list of a sweep's runs, which marks its folder.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::path::{Path, PathBuf};

use crate::exit::{Exit, Failure, OrExit};
use crate::series::{Kind, LOGS, Outcome, SeriesDirectory, Table};
use crate::{
    config::Sweep,
    run_directory::{Format, regular},
};

pub const SWEEP: Kind = Kind {
    marker: "sweep.json",
    format: Format::new("ebm sweep", 1),
    noun: "sweep",
    act: "sweeps",
    remedy: "move it away to have it trained again",
    says_starts: false,
    folders: &[LOGS],
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its point, counted from 0.
    pub point: usize,
    pub seed: u64,
    /// The values of its point, by key.
    pub values: Map<String, Json>,
}

impl Run {
    /// The value of a key as people read it, on one line: a text without quotes, else JSON.
    pub(super) fn shown(&self, key: &str) -> Option<String> {
        Some(match self.values.get(key)? {
            Json::String(text) if !text.contains(char::is_control) => text.clone(),
            value => value.to_string(),
        })
    }
}

/// The runs of a sweep, in the order of their numbers: every point with all of its seeds, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    pub name: String,
    /// The sweep's file, as it was given.
    pub spec: PathBuf,
    /// The `--set` assignments above that file.
    pub set: Vec<String>,
    /// The folder that relative paths of data start from.
    pub base: PathBuf,
    pub keys: Vec<String>,
    pub runs: Vec<Run>,
}

impl Manifest {
    /// The manifest of a sweep that was read from `spec` with `set` above it; relative paths of data start from `base`.
    pub fn new(sweep: &Sweep, spec: &Path, set: &[String], base: &Path) -> Result<Self, Failure> {
        let mut runs = Vec::new();
        for (point, values) in sweep.points.iter().map(|point| &point.values).enumerate() {
            let form =
                |(key, value): &(String, _)| Ok((key.clone(), serde_json::to_value(value).or_exit(Exit::Other)?));
            let values: Map<String, Json> = values.iter().map(form).collect::<Result<_, Failure>>()?;
            let run = |&seed| Run { point, seed, values: values.clone() };
            runs.extend(sweep.seeds.iter().map(run));
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

    pub fn read(directory: &SeriesDirectory) -> Result<Self, Failure> {
        let path = directory.path.join(SWEEP.marker);
        let failed = |reason: String| {
            let text = format!("{}: {reason}; expected the folder of an `ebm sweep`", path.display());
            Failure::message(Exit::RunDirectory, text)
        };
        let text = regular::read_text(&path).map_err(|error| failed(error.to_string()))?;
        let read: Self = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
        SWEEP.format.accepts(&read.format).map_err(failed)?;
        Ok(read)
    }

    /// The settings that identify a run, such as `weight=0.5 seed=1`.
    pub fn name_of(&self, run: &Run) -> String {
        let named = self.keys.iter().zip(labels(&self.keys));
        let values = named.filter_map(|(key, label)| Some(format!("{label}={}", run.shown(key)?)));
        let seed = std::iter::once(format!("seed={}", run.seed));
        values.chain(seed).collect::<Vec<_>>().join(" ")
    }

    /// The state and the results so far of each run, in the folder of the sweep.
    pub fn outcomes(&self, directory: &SeriesDirectory) -> Vec<Outcome> {
        let runs = 0..self.runs.len();
        runs.map(|index| Outcome::look(directory, &id(index))).collect()
    }

    /// Returns how this sweep differs from the `wanted` one in its runs or its data.
    pub fn differs_from(&self, wanted: &Self) -> Option<String> {
        if self.runs != wanted.runs {
            let name = |manifest: &Self, index: usize| {
                let run = manifest.runs.get(index);
                run.map_or_else(|| "nothing".into(), |run| manifest.name_of(run))
            };
            let (count, other) = (self.runs.len(), wanted.runs.len());
            let first = self.runs.iter().zip(&wanted.runs).position(|(a, b)| a != b);
            let first = first.unwrap_or(count.min(other));
            return Some(format!(
                "{count} runs instead of {other}, of which {} is {} instead of {}",
                id(first),
                name(self, first),
                name(wanted, first)
            ));
        }
        let (base, other) = (self.base.display(), wanted.base.display());
        (self.base != wanted.base).then(|| format!("data from {base} instead of {other}"))
    }

    pub fn csv(&self) -> Result<String, Failure> {
        let mut heads = vec!["index", "name", "point", "seed"];
        heads.extend(self.keys.iter().map(String::as_str));
        let row = |(index, run): (usize, &Run)| {
            let mut cells = vec![index.to_string(), self.name_of(run), run.point.to_string(), run.seed.to_string()];
            cells.extend(self.keys.iter().map(|key| run.shown(key).unwrap_or_default()));
            cells
        };
        Table::new(&heads, self.runs.iter().enumerate().map(row)).csv()
    }
}

/// The number of a run, as its files are called.
pub fn id(index: usize) -> String {
    format!("{index:04}")
}

/// For each key its last parts, as many as it takes to be no other key's end.
pub(super) fn labels(keys: &[String]) -> Vec<String> {
    let label = |key: &String| {
        let parts: Vec<_> = key.split('.').collect();
        let mut ends = (1..=parts.len()).map(|count| parts[parts.len() - count..].join("."));
        let shared = |end: &String| {
            let longer = format!(".{end}");
            let mut others = keys.iter().filter(|other| *other != key);
            others.any(|other| other == end || other.ends_with(&longer))
        };
        ends.find(|end| !shared(end)).unwrap_or_else(|| key.clone())
    };
    keys.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_label_is_as_short_as_it_can_be() {
        let keys = [
            "train.energy.optimizer.learning_rate",
            "train.generator.optimizer.learning_rate",
            "upper.weight",
            "weight",
        ];
        let expected =
            ["energy.optimizer.learning_rate", "generator.optimizer.learning_rate", "upper.weight", "weight"];
        assert_eq!(labels(&keys.map(String::from)), expected);
        assert_eq!(labels(&["upper.weight".to_string()]), ["weight"]);
    }

    proptest! {
        #[test]
        fn labels_are_different_ends_of_their_keys(
            keys in prop::collection::btree_set("[ab](\\.[ab]){0,3}", 0..8)
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let labels = labels(&keys);
            let different: BTreeSet<_> = labels.iter().collect();
            prop_assert_eq!(different.len(), keys.len());
            for (key, label) in keys.iter().zip(&labels) {
                let end = [".", label.as_str()].concat();
                prop_assert!(key == label || key.ends_with(&end));
            }
        }
    }
}
