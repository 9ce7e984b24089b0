//! Options of a generator's noise.

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

use ebm_core::error::ConfigError;
use ebm_core::registry::Need;

/// The standard deviation sigma of a generator's noise: a number, or `{ learned = { start, min, max } }`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum NoiseConfig {
    /// This value throughout.
    Fixed(f64),
    /// Trained with the generator, within limits.
    Learned {
        /// Where it starts, and its limits.
        learned: LearnedNoise,
    },
}

/// A standard deviation that is trained: where it starts, and between which limits it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LearnedNoise {
    /// Value at the start.
    pub start: f64,
    /// Smallest value, above 0.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Default for NoiseConfig {
    fn default() -> Self {
        Self::Fixed(0.0)
    }
}

impl Default for LearnedNoise {
    fn default() -> Self {
        Self { start: 0.05, min: 0.01, max: 0.2 }
    }
}

impl NoiseConfig {
    /// Refuses values that cannot be used; keys are relative to the generator's table.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let learned = match self {
            Self::Fixed(sigma) => return ConfigError::require_not_negative("noise", *sigma),
            Self::Learned { learned } => learned,
        };
        let LearnedNoise { start, min, max } = *learned;
        let positive = |v: f64| v > 0.0 && v.is_finite();
        ConfigError::require(positive(min), "noise.learned.min", min, "a finite number > 0")?;
        ConfigError::require(
            max.is_finite() && max >= min,
            "noise.learned.max",
            max,
            &format!("a finite number >= min = {min}"),
        )?;
        ConfigError::require(
            (min..=max).contains(&start),
            "noise.learned.start",
            start,
            &format!("a number between min = {min} and max = {max}"),
        )
    }

    /// Refuses a need of noise where there is none; the key is relative to the generator's table.
    ///
    /// # Errors
    /// If noise is needed and sigma is 0.
    pub fn meets(&self, need: Need) -> Result<(), ConfigError> {
        ConfigError::require(
            need != Need::Noise || *self != Self::Fixed(0.0),
            "noise",
            "0",
            "a number > 0, or { learned = { ... } }",
        )
    }
}

/// By hand, so that a wrong key or value is told with its place; serde's untagged enums only say that nothing fitted.
impl<'de> Deserialize<'de> for NoiseConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTable)
    }
}

struct NumberOrTable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    learned: LearnedNoise,
}

impl<'de> Visitor<'de> for NumberOrTable {
    type Value = NoiseConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or { learned = { start = ..., min = ..., max = ... } }")
    }
    fn visit_f64<E: Error>(self, sigma: f64) -> Result<NoiseConfig, E> {
        Ok(NoiseConfig::Fixed(sigma))
    }
    fn visit_i64<E: Error>(self, sigma: i64) -> Result<NoiseConfig, E> {
        Ok(NoiseConfig::Fixed(sigma as f64))
    }
    fn visit_u64<E: Error>(self, sigma: u64) -> Result<NoiseConfig, E> {
        Ok(NoiseConfig::Fixed(sigma as f64))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NoiseConfig, A::Error> {
        let Table { learned } = Table::deserialize(MapAccessDeserializer::new(map))?;
        Ok(NoiseConfig::Learned { learned })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::registry::parse_as;
    use serde_json::json;

    #[test]
    fn a_number_or_a_table_is_read_and_written_back() {
        let learned = |start, min, max| NoiseConfig::Learned { learned: LearnedNoise { start, min, max } };
        for (text, config) in [
            (json!(0.02), NoiseConfig::Fixed(0.02)),
            (json!({"learned": {"start": 0.3, "min": 0.1, "max": 0.5}}), learned(0.3, 0.1, 0.5)),
        ] {
            assert_eq!(parse_as::<NoiseConfig>(text.clone()).unwrap(), config);
            assert_eq!(serde_json::to_value(&config).unwrap(), text);
        }
        assert_eq!(parse_as::<NoiseConfig>(json!(1)).unwrap(), NoiseConfig::Fixed(1.0));
        assert_eq!(parse_as::<NoiseConfig>(json!({"learned": {"max": 0.4}})).unwrap(), learned(0.05, 0.01, 0.4));
    }

    #[test]
    fn a_wrong_key_or_value_is_told_with_its_place() {
        for (text, path, message) in [
            (json!("much"), "", "expected a number, or { learned"),
            (json!({"learnd": {}}), "learnd", "unknown field `learnd`"),
            (json!({"learned": {"strat": 1}}), "learned.strat", "unknown field `strat`"),
            (json!({"learned": {"start": "low"}}), "learned.start", "invalid type"),
            (json!({}), "", "missing field `learned`"),
        ] {
            let error = parse_as::<NoiseConfig>(text).unwrap_err();
            assert_eq!(error.path, path);
            assert!(error.message.contains(message), "{error}");
        }
    }

    #[test]
    fn unusable_values_are_refused_by_key() {
        let key = |config: NoiseConfig| config.check().unwrap_err().key;
        let learned = |start, min, max| NoiseConfig::Learned { learned: LearnedNoise { start, min, max } };
        assert_eq!(key(NoiseConfig::Fixed(-0.1)), "noise");
        assert_eq!(key(NoiseConfig::Fixed(f64::NAN)), "noise");
        assert_eq!(key(learned(0.1, 0.0, 0.2)), "noise.learned.min");
        assert_eq!(key(learned(0.1, 0.1, 0.05)), "noise.learned.max");
        assert_eq!(key(learned(0.1, 0.1, f64::INFINITY)), "noise.learned.max");
        assert_eq!(key(learned(0.3, 0.1, 0.2)), "noise.learned.start");
        assert_eq!(key(learned(f64::NAN, 0.1, 0.2)), "noise.learned.start");
        assert!(learned(0.1, 0.1, 0.1).check().is_ok());
        assert!(NoiseConfig::Fixed(0.0).meets(Need::Jacobian).is_ok());
        assert_eq!(NoiseConfig::Fixed(0.0).meets(Need::Noise).unwrap_err().key, "noise");
        assert!(NoiseConfig::Fixed(0.1).meets(Need::Noise).is_ok());
    }
}
