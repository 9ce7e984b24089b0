//! Options of an optimiser, as a bound with networks of its own hands them to whoever trains it.

use schemars::JsonSchema;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// The key that names the optimiser.
const KIND: &str = "kind";

/// The options of an optimiser: a table with its name under `kind`, or the name alone.
///
/// A bound does not interpret them. The trainer does, and checks them together with the rest of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct OptimizerOptions(Map<String, Value>);

impl OptimizerOptions {
    /// The optimiser of this name, with its own defaults.
    pub fn new(kind: &str) -> Self {
        Self::default().with(KIND, kind)
    }

    /// The same with one option set.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.into(), value.into());
        self
    }

    /// These options, and for what they leave out, `defaults`, unless they name another optimiser than `defaults`.
    pub fn or(self, defaults: Self) -> Self {
        let other = self.0.get(KIND).is_some_and(|kind| Some(kind) != defaults.0.get(KIND));
        let mut options = if other { Map::new() } else { defaults.0 };
        options.extend(self.0);
        Self(options)
    }

    /// The table.
    pub fn table(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl<'de> Deserialize<'de> for OptimizerOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrTable;
        impl<'de> Visitor<'de> for NameOrTable {
            type Value = OptimizerOptions;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("string or map")
            }
            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(OptimizerOptions::new(name))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Map::deserialize(MapAccessDeserializer::new(map)).map(OptimizerOptions)
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_of_one_optimiser() {
        let read = |text: &str| serde_json::from_str::<OptimizerOptions>(text).unwrap();
        let defaults = || OptimizerOptions::new("adam").with("beta1", 0.9).with("clip", 1);
        let options = read(r#"{"beta1": 0.5}"#).or(defaults());
        assert_eq!(options, defaults().with("beta1", 0.5));
        assert_eq!(read(r#"{"kind": "adam"}"#).or(defaults()), defaults());
        assert_eq!(read(r#""lion""#).or(defaults()), OptimizerOptions::new("lion"));
        assert!(serde_json::from_str::<OptimizerOptions>("3").is_err());
    }
}
