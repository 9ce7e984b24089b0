//! A sweep: one configuration at many points, read from a file and checked.

mod axis;
mod keys;
mod point;
mod range;
mod reader;
mod slurm;
mod spec;

pub use point::{Point, plain};
pub use slurm::SlurmConfig;
pub use spec::{LocalConfig, RandomSearch, SweepSpec};

pub(crate) use keys::labels;

use figment::value::{Dict, Value as Given};
use std::path::{Path, PathBuf};

use super::fault::ConfigFault;
use super::layers::Layers;
use super::origin::Origin;
use super::resolve::Resolved;
use super::{environment, value};
use keys::{holds, nested};
use reader::Reader;

/// Runs of a sweep at most: their numbers have four digits.
pub const MOST_RUNS: usize = 10_000;

/// The configurations of a sweep: one for every point and every seed.
///
/// Of a run, the values are taken from the highest of: its seed, `--set`, the environment, its point, `[config]`, the base,
/// the defaults. What a point sets, `--set` and the environment must leave alone.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The text of the file.
    pub text: String,
    /// What it asks for beside its points.
    pub spec: SweepSpec,
    /// The points.
    pub points: Vec<Point>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The name.
    pub name: String,
    home: PathBuf,
    below: Layers,
    variables: Vec<(String, String)>,
    assignments: Vec<String>,
}

impl Sweep {
    /// Reads a file, the process's environment and `--set` assignments.
    ///
    /// # Errors
    /// The first fault found. The configuration must also be good by itself; what is wrong with a point is told by
    /// [`Sweep::resolve`].
    pub fn load(file: &Path, assignments: &[String]) -> Result<Self, ConfigFault> {
        let text = std::fs::read_to_string(file).map_err(|error| ConfigFault::Unreadable {
            path: file.display().to_string(),
            reason: error.to_string(),
        })?;
        let origin = Origin::File(file.into());
        let table = Layers::table(&origin, &text)?;
        let reader = Reader::new(origin, &table);
        let spec = reader.spec()?;
        let base = spec.base.as_ref().map(|base| beside(file, base));
        let mut below = match &base {
            Some(base) => Layers::default().file(base).map_err(|fault| reader.no_base(fault))?,
            // What is wrong with a default that does not fit is told with this file.
            None => Layers::default().above(Origin::File(file.into()), Dict::new()),
        };
        if let Some(config) = table.get("config").and_then(toml::Value::as_table) {
            let origin = Origin::Section(format!("{} [config]", file.display()));
            below = below.above(origin, value::of_table(config.clone()));
        }
        let variables = environment();
        let all = below.clone().environment(variables.clone()).sets(assignments)?;
        let seeds = reader.seeds(all.resolve()?.config.seed)?;
        let points = reader.points(&spec.random)?;
        reader.check_size(points.len(), seeds.len())?;
        Ok(Self {
            name: spec.name.clone().unwrap_or_else(|| name_of(file)),
            home: base.unwrap_or_else(|| file.into()),
            assignments: assignments.to_vec(),
            text,
            spec,
            points,
            seeds,
            below,
            variables,
        })
    }

    /// The file whose folder relative paths of data start from: the base, or the sweep's own.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The keys that points give values to, in the order in which they are first given one.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for (key, _) in self.points.iter().flat_map(|point| &point.values) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// The configuration of a point and a seed.
    ///
    /// # Errors
    /// The first fault found.
    pub fn resolve(&self, point: &Point, seed: u64) -> Result<Resolved, ConfigFault> {
        let seed = Dict::from([("seed".to_string(), Given::from(seed))]);
        let layers = self.below.clone().above(point.origin.clone(), nested(&point.values));
        let resolved = layers
            .environment(self.variables.iter().cloned())
            .sets(&self.assignments)?
            .above(Origin::Section("seeds".into()), seed)
            .resolve()?;
        for (key, wanted) in &point.values {
            let found = resolved.merged.find(key);
            if !found.is_some_and(|found| holds(found, &value::of_toml(wanted.clone()))) {
                return Err(ConfigFault::Value {
                    origin: resolved.merged.blame(key),
                    key: key.clone(),
                    value: found.map_or_else(|| "nothing".into(), value::text),
                    expected: format!("{wanted}: the sweep gives this key its values"),
                });
            }
        }
        Ok(resolved)
    }
}

/// A path that is relative to a file.
fn beside(file: &Path, path: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

/// The name of a file, as far as the name of a job may have its letters.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |c: char| if reader::is_name_letter(c) { c } else { '-' };
    let name: String = stem.chars().map(letter).collect();
    if name.is_empty() { "sweep".into() } else { name }
}

#[cfg(test)]
mod tests;
