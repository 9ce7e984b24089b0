//! A point of a sweep.

use toml::Value;

use super::super::origin::Origin;

/// Values that a sweep gives to keys of a configuration.
#[derive(Clone, Debug)]
pub struct Point {
    /// Key, dotted from the top, and value; in the order they are given.
    pub values: Vec<(String, Value)>,
    /// Where they are from.
    pub(super) origin: Origin,
}

impl Point {
    /// The value of a key, if the point gives it one.
    pub fn value(&self, key: &str) -> Option<&Value> {
        let found = self.values.iter().find(|(own, _)| own == key);
        found.map(|(_, value)| value)
    }
}

/// A value as people read it: a text without its quotes, else TOML.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
