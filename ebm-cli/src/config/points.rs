//! The points of a series of runs: values that stand above one configuration, for every seed alike.

use figment::value::{Dict, Value};

use super::fault::ConfigFault;
use super::layers::{KIND, Layers};
use super::origin::Origin;
use super::resolve::Resolved;
use super::section::wrong;
use super::value;

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

impl Point {
    /// A point that gives values to keys, which are all from `origin`.
    pub(super) fn new(origin: &Origin, values: Vec<(String, toml::Value)>, reason: &'static str) -> Self {
        Self { layers: vec![(origin.clone(), nested(&values))], values, reason }
    }
}

/// The sources that all configurations of a series share: those below its points, and those above.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    pub below: Layers,
    /// The environment.
    pub variables: Vec<(String, String)>,
    /// The `--set` assignments.
    pub assignments: Vec<String>,
}

impl Sources {
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
                let expected = format!("{wanted}: {}", point.reason);
                return Err(wrong(&resolved.merged, key, expected));
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

/// Makes one table of values by dotted key. A key that another one continues is set first, whatever the order.
fn nested(values: &[(String, toml::Value)]) -> Dict {
    let mut ordered: Vec<_> = values.iter().collect();
    ordered.sort_by_key(|(key, _)| key.matches('.').count());
    let mut table = Dict::new();
    for (key, value) in ordered {
        let path: Vec<_> = key.split('.').collect();
        insert(&mut table, &path, value::of_toml(value.clone()));
    }
    table
}

fn insert(table: &mut Dict, path: &[&str], value: Value) {
    match path {
        [] => {}
        [last] => drop(table.insert((*last).to_string(), value)),
        [first, rest @ ..] => {
            let inner = table.entry((*first).to_string()).or_insert_with(|| Dict::new().into());
            // The name of a component stands for a table with its kind.
            if let Value::String(_, name) = inner {
                *inner = Value::from(Dict::from([(KIND.to_string(), Value::from(name.clone()))]));
            }
            // Where something else is in the way, the key does not hold what was asked for, and the configuration is refused.
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
