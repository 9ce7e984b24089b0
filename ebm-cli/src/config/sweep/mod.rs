//! A sweep: one configuration at many points, read from a file and checked.

mod range;
mod reader;
mod slurm;
mod spec;

pub use slurm::SlurmConfig;
pub use spec::{LocalConfig, MOST_JOBS, RandomSearch, SweepSpec};

use figment::value::Dict;
use std::path::{Path, PathBuf};

use super::fault::{ConfigFault, Origin};
use super::points::{Point, Sources};
use super::{defaults, layers::Layers, resolve::Resolved, value};
use reader::Reader;

/// The configurations of a sweep: one for every point and every seed.
///
/// The values of a run are taken from the highest of: its seed, `--set`, the environment, its point, `[config]`, the base,
/// the defaults. `--set` and the environment must not set what a point sets.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// The text of the file.
    pub text: String,
    /// The options of the sweep beside its points.
    pub spec: SweepSpec,
    /// The points.
    pub points: Vec<Point>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The name.
    pub name: String,
    /// The file whose folder relative paths of data start from: the base, or the sweep's own.
    pub home: PathBuf,
    sources: Sources,
}

impl Sweep {
    /// Reads a file, the process's environment and `--set` assignments; fails at the first fault. The configuration must also
    /// be good by itself; faults of a point are reported by [`Sweep::resolve`]. Relative paths of data start from the folder of
    /// the [home](Sweep::home), unless `data` names another.
    pub fn load(file: &Path, data: Option<&Path>, assignments: &[String]) -> Result<Self, ConfigFault> {
        let (origin, text) = (Origin::File(file.into()), Layers::read(file)?);
        let table = Layers::table(&origin, &text)?;
        let reader = Reader::new(origin.clone(), &table);
        let spec = reader.spec()?;
        let base = spec.base.as_ref().map(|base| file.with_file_name("").join(base));
        let mut below = match &base {
            Some(base) => {
                // The fault of a base that cannot be read names the file that asks for it, too.
                let text = Layers::read(base).map_err(|fault| reader.merged.fault("base", fault))?;
                Layers::default().toml(Origin::File(base.clone()), &text)?
            }
            // The fault of a default that does not fit names this file.
            None => Layers::default().above(origin, Dict::new()),
        };
        if let Some(config) = table.get("config").and_then(toml::Value::as_table) {
            let origin = Origin::Section(format!("{} [config]", file.display()));
            below = below.above(origin, value::of_table(config.clone()));
        }
        let home = base.unwrap_or_else(|| file.into());
        let sources = Sources::new(below, defaults::folder(&home, data), assignments)?;
        let seeds = reader.seeds(sources.base()?.config.seed)?;
        let points = reader.points(&spec.random)?;
        reader.check_size(points.len(), seeds.len())?;
        Ok(Self { name: spec.name.clone().unwrap_or_else(|| name_of(file)), home, text, spec, points, seeds, sources })
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

    /// The configuration of a point and a seed; fails at the first fault.
    pub fn resolve(&self, point: &Point, seed: u64) -> Result<Resolved, ConfigFault> {
        self.sources.resolve(point, seed)
    }
}

/// The name of a file, in the letters that the name of a job may have.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |c: char| if reader::is_name_letter(c) { c } else { '-' };
    let name: String = stem.chars().map(letter).collect();
    if name.is_empty() { "sweep".into() } else { name }
}

#[cfg(test)]
mod tests;
