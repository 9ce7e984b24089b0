use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};
use std::{borrow::Cow, ops::Deref};

use super::{adam::AdamConfig, registration::OptimizerConfig};
use ebm_core::optimizer::OptimizerOptions;
use ebm_core::registry::{self, ParseError};

/// The key that names the optimiser.
const KIND: &str = "kind";

/// A registered optimiser with its options: in a configuration the name, or a table with the name under `kind`. A table without
/// it is Adam's.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct OptimizerChoice(Box<dyn OptimizerConfig>);

impl OptimizerChoice {
    /// Reads a table of options.
    ///
    /// # Errors
    /// If no optimiser has the name, or it does not have the options; the path is that of the key at fault.
    pub fn read(mut table: Map<String, Value>) -> Result<Self, ParseError> {
        let kind = table.remove(KIND).unwrap_or("adam".into());
        let kind =
            kind.as_str().ok_or_else(|| ParseError::new(KIND, format!("invalid type: {kind}, expected a string")))?;
        match registry::find::<dyn OptimizerConfig>(kind) {
            Some(descriptor) => (descriptor.parse)(table.into()).map(Self),
            None => {
                let all = registry::all::<dyn OptimizerConfig>();
                let names: Vec<_> = all.iter().map(|d| format!("`{}`", d.name)).collect();
                let message = format!("unknown variant `{kind}`, expected one of {}", names.join(", "));
                Err(ParseError::new(KIND, message))
            }
        }
    }

    /// Returns the same optimiser with one option changed.
    ///
    /// # Errors
    /// If it does not have the option.
    pub fn with(&self, key: &str, value: impl Into<Value>) -> Result<Self, ParseError> {
        let mut table = self.table();
        table.insert(key.into(), value.into());
        Self::read(table)
    }

    fn table(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(table)) => table,
            _ => Map::new(),
        }
    }
}

impl Default for OptimizerChoice {
    fn default() -> Self {
        AdamConfig::default().into()
    }
}

impl<C: OptimizerConfig + 'static> From<C> for OptimizerChoice {
    fn from(config: C) -> Self {
        Self(Box::new(config))
    }
}

impl Deref for OptimizerChoice {
    type Target = dyn OptimizerConfig;
    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl PartialEq for OptimizerChoice {
    fn eq(&self, other: &Self) -> bool {
        self.table() == other.table()
    }
}

impl<'de> Deserialize<'de> for OptimizerChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let options = OptimizerOptions::deserialize(deserializer)?;
        Self::read(options.table().clone()).map_err(|error| D::Error::custom(error.message))
    }
}

impl JsonSchema for OptimizerChoice {
    fn schema_name() -> Cow<'static, str> {
        "Optimizer".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let all = registry::all::<dyn OptimizerConfig>().into_iter().map(|descriptor| {
            let mut schema = (descriptor.schema)();
            schema["properties"][KIND] = serde_json::json!({ "const": descriptor.name });
            schema["description"] = format!("{}.", descriptor.summary).into();
            schema
        });
        schemars::json_schema!({ "oneOf": all.collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::LionConfig;
    use super::*;

    #[test]
    fn a_name_a_table_and_the_options_of_adam_are_read() {
        let read = |text: &str| serde_json::from_str::<OptimizerChoice>(text).map_err(|error| error.to_string());
        let lion = |learning_rate| {
            let default = LionConfig::default();
            OptimizerChoice::from(LionConfig { learning_rate, ..default })
        };
        assert_eq!(read("\"lion\"").unwrap(), lion(1e-4));
        let text = r#"{"kind": "lion", "learning_rate": 0.5}"#;
        assert_eq!(read(text).unwrap(), lion(0.5));
        assert_eq!(lion(1e-4).with("learning_rate", 0.5).unwrap(), lion(0.5));
        assert_eq!(read("{}").unwrap(), OptimizerChoice::default());
        assert_eq!(["\"adam\"", "\"lion\""].map(|text| read(text).unwrap().arrays()), [2, 1]);
        let written = serde_json::to_string(&lion(0.25)).unwrap();
        assert_eq!(read(&written).unwrap(), lion(0.25));

        let error = read(r#"{"lr": 1}"#).unwrap_err();
        assert!(error.starts_with("unknown field `lr`, expected one of `learning_rate`"), "{error}");
        let table = Map::from_iter([(KIND.to_string(), "lionn".into())]);
        let text = OptimizerChoice::read(table).unwrap_err().to_string();
        assert!(text.starts_with("kind: unknown variant `lionn`, expected one of `adam`, `adamw`, "), "{text}");
        registry::check_registry().unwrap();
    }
}
