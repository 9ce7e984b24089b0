//! The points of a series of runs: values that stand above one configuration, for every seed alike.

use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};
use std::path::Path;

use super::fault::{ConfigFault, Origin};
use super::layers::{KIND, Layers, environment, of_kind};
use super::{defaults, resolve::Resolved, value};

/// A point of a series: the values that it sets above the configuration that all points share.
#[derive(Clone, Debug)]
pub struct Point {
    /// Keys, dotted from the top, with the values that they have at this point, whatever stands above it; in the order they
    /// are given.
    pub values: Vec<(String, toml::Value)>,
    /// Its sources of values, lowest first.
    pub(super) layers: Vec<(Origin, Dict)>,
    /// The reason why nothing above may change its values.
    pub(super) reason: &'static str,
}

/// The sources that all configurations of a series share: those below its points, and those above.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub below: Layers,
    pub variables: Vec<(String, String)>,
    pub assignments: Vec<String>,
}

impl Sources {
    /// What stands below, with the defaults for its data, the process's environment, and `--set` assignments. Relative paths of
    /// data start from `folder`. The defaults are chosen once: points that change the data do not change them.
    pub fn new(below: Layers, folder: &Path, assignments: &[String]) -> Result<Self, ConfigFault> {
        Self { below, variables: environment(), assignments: assignments.to_vec() }.fitted(folder)
    }

    /// The same with the defaults for the data beneath.
    pub fn fitted(mut self, folder: &Path) -> Result<Self, ConfigFault> {
        let whole = self.with_outside(self.below.clone())?;
        self.below = defaults::beneath(self.below, whole, folder)?;
        Ok(self)
    }

    /// The configuration without a point.
    pub fn base(&self) -> Result<Resolved, ConfigFault> {
        self.with_outside(self.below.clone())?.resolve()
    }

    /// The configuration of a point and a seed.
    pub fn resolve(&self, point: &Point, seed: u64) -> Result<Resolved, ConfigFault> {
        let layers = point.layers.iter().cloned();
        let layers = layers.fold(self.below.clone(), |below, (origin, values)| below.above(origin, values));
        let seed = Dict::from([("seed".to_string(), Value::from(seed))]);
        let layers = self.with_outside(layers)?.above(Origin::Section("the run's seed".into()), seed);
        let resolved = layers.resolve()?;
        for (key, wanted) in &point.values {
            let found = resolved.merged.find(key);
            if !found.is_some_and(|found| holds(found, &value::of_toml(wanted.clone()))) {
                return Err(resolved.merged.wrong(key, format!("{wanted}: {}", point.reason)));
            }
        }
        Ok(resolved)
    }

    fn with_outside(&self, layers: Layers) -> Result<Layers, ConfigFault> {
        layers.environment(self.variables.iter().cloned()).sets(&self.assignments)
    }
}

/// Whether a value of a configuration is the one that was asked for: a table may have more keys, and a name stands for a table.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Dict(_, found), Value::String(_, name)) => found.get(KIND).and_then(Value::as_str) == Some(name),
        (Value::Dict(_, found), Value::Dict(_, wanted)) => {
            let mut wanted = wanted.iter();
            wanted.all(|(key, wanted)| found.get(key).is_some_and(|found| holds(found, wanted)))
        }
        _ => value::text(found) == value::text(wanted),
    }
}

/// One table of values by dotted key; a key that another one continues is set first, whatever the order.
pub(super) fn nested(values: &[(String, toml::Value)]) -> Dict {
    let is_continued =
        |key: &str| values.iter().any(|(other, _)| other.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')));
    let mut ordered: Vec<_> = values.iter().collect();
    ordered.sort_by_key(|(key, _)| key.matches('.').count());
    let merged = ordered.into_iter().fold(Figment::new(), |merged, (key, value)| {
        let value = value::of_toml(value.clone());
        match &value {
            // The name of a component stands for a table with its kind.
            Value::String(..) if is_continued(key) => merged.merge((key, of_kind(value))),
            _ => merged.merge((key, value)),
        }
    });
    merged.data().ok().and_then(|mut profiles| profiles.remove(&Profile::Global)).unwrap_or_default()
}
