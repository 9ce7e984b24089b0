//! The noise that a generator adds to its samples, `x = G(z) + sigma n`: a level that is given or learned.

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use smart_default::SmartDefault;
use std::fmt;

use ebm_core::device::Real;
use ebm_core::error::ConfigError;
use ebm_core::parameter::{Module, Parameter};
use ebm_core::registry::Need;
use ebm_core::schedule::{Course, ScheduleTable, Scheduled};

/// The standard deviation sigma of a generator's noise: a number, which may change over the run, or
/// `{ learned = { start, min, max } }`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema, SmartDefault)]
#[serde(untagged)]
#[non_exhaustive]
pub enum NoiseConfig {
    /// This value, or the one that the schedule has at the step.
    #[default]
    Given(#[default(Scheduled::from(0.0))] Scheduled),
    /// Trained with the generator, within limits.
    Learned {
        /// Where it starts, and its limits.
        learned: LearnedNoise,
    },
}

/// A standard deviation that is trained: where it starts, and between which limits it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct LearnedNoise {
    /// Value at the start.
    #[default(0.05)]
    pub start: f64,
    /// Smallest value, above 0.
    #[default(0.01)]
    pub min: f64,
    /// Largest value.
    #[default(0.2)]
    pub max: f64,
}

impl NoiseConfig {
    /// Returns an error for the first value that cannot be used, saying what was expected. Keys are relative to the generator's table.
    pub fn check(&self) -> Result<(), ConfigError> {
        let learned = match self {
            Self::Given(sigma) => return sigma.check_not_negative("noise"),
            Self::Learned { learned } => learned,
        };
        let LearnedNoise { start, min, max } = *learned;
        ConfigError::require_positive("noise.learned.min", min)?;
        let expected = format!("a finite number >= min = {min}");
        ConfigError::require(max.is_finite() && max >= min, "noise.learned.max", max, &expected)?;
        let expected = format!("a number between min = {min} and max = {max}");
        ConfigError::require((min..=max).contains(&start), "noise.learned.start", start, &expected)
    }

    /// Refuses a need of noise where sigma is 0 or becomes 0; the key is relative to the generator's table.
    pub fn meets(&self, need: Need) -> Result<(), ConfigError> {
        match self {
            Self::Given(sigma) if need == Need::Noise => {
                let met = sigma.values().into_iter().all(|value| value != 0.0);
                ConfigError::require(met, "noise", sigma, "a number > 0, or { learned = { ... } }")
            }
            _ => Ok(()),
        }
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
    learned: Option<LearnedNoise>,
    from: Option<f64>,
    to: Option<f64>,
    over: Option<u64>,
    after: Option<u64>,
    course: Option<Course>,
    steps: Option<Vec<(u64, f64)>>,
}

impl<'de> Visitor<'de> for NumberOrTable {
    type Value = NoiseConfig;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a number, or { learned = { start = ..., min = ..., max = ... } }, { from = ..., to = ..., over = ... } or \
             { steps = [[0, ...], ...] }",
        )
    }
    fn visit_f64<E: Error>(self, sigma: f64) -> Result<NoiseConfig, E> {
        Ok(NoiseConfig::Given(sigma.into()))
    }
    fn visit_i64<E: Error>(self, sigma: i64) -> Result<NoiseConfig, E> {
        self.visit_f64(sigma as f64)
    }
    fn visit_u64<E: Error>(self, sigma: u64) -> Result<NoiseConfig, E> {
        self.visit_f64(sigma as f64)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NoiseConfig, A::Error> {
        let Table { learned, from, to, over, after, course, steps } =
            Table::deserialize(MapAccessDeserializer::new(map))?;
        let rest = ScheduleTable { from, to, over, after, course, steps };
        let noise = match learned {
            Some(learned) => (rest == ScheduleTable::default()).then_some(NoiseConfig::Learned { learned }),
            None => rest.schedule().map(NoiseConfig::Given),
        };
        let expected = "expected learned alone, from, to and over (after and course may be added), or steps alone";
        noise.ok_or_else(|| A::Error::custom(expected))
    }
}

/// The standard deviation sigma of a generator's noise.
///
/// A generator that holds one names it in its [`module!`](ebm_core::module), so that a learned level is trained and kept within
/// its limits, and hands out [`NoiseLevel::parameter`] as
/// [`Generator::noise_level`](ebm_core::models::Generator::noise_level).
#[derive(Clone, Debug)]
pub enum NoiseLevel {
    /// A number that is not trained.
    Given {
        /// Its course over the run.
        schedule: Scheduled,
        /// Its value now.
        sigma: f64,
    },
    /// A trained number.
    Learned {
        /// sigma, `[1]`.
        sigma: Parameter,
        /// Its limits.
        limits: LearnedNoise,
    },
}

impl NoiseLevel {
    /// The level that `config` describes, at the start of a run, under the name `noise`.
    pub fn new(config: &NoiseConfig) -> Self {
        match config {
            NoiseConfig::Given(schedule) => Self::Given { schedule: schedule.clone(), sigma: schedule.at(0) },
            NoiseConfig::Learned { learned } => Self::Learned {
                sigma: Parameter::trained("noise", vec![1], vec![learned.start as Real]),
                limits: learned.clone(),
            },
        }
    }

    /// sigma now.
    pub fn sigma(&self) -> f64 {
        match self {
            Self::Given { sigma, .. } => *sigma,
            Self::Learned { sigma, .. } => f64::from(sigma.values()[0]),
        }
    }

    /// Takes the value after `step` iterations, as [`Generator::at_step`](ebm_core::models::Generator::at_step) asks for.
    pub fn at_step(&mut self, step: u64) {
        if let Self::Given { schedule, sigma } = self {
            *sigma = schedule.at(step);
        }
    }

    /// The trained number, if it is one.
    pub fn parameter(&self) -> Option<&Parameter> {
        match self {
            Self::Given { .. } => None,
            Self::Learned { sigma, .. } => Some(sigma),
        }
    }
}

impl Module for NoiseLevel {
    fn parameters(&self) -> Vec<&Parameter> {
        self.parameter().into_iter().collect()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        match self {
            Self::Given { .. } => Vec::new(),
            Self::Learned { sigma, .. } => vec![sigma],
        }
    }
    /// Puts a learned level back between its limits.
    fn commit(&mut self) {
        if let Self::Learned { sigma, limits } = self {
            let value = sigma.values()[0].clamp(limits.min as Real, limits.max as Real);
            sigma.set(&[value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::registry::parse_as;
    use serde_json::json;

    fn given(sigma: impl Into<Scheduled>) -> NoiseConfig {
        NoiseConfig::Given(sigma.into())
    }

    fn falling(to: f64) -> Scheduled {
        Scheduled::Way(ebm_core::schedule::Way { from: 0.5, to, over: 8, after: 0, course: Course::Linear })
    }

    fn learned(start: f64, min: f64, max: f64) -> NoiseConfig {
        NoiseConfig::Learned { learned: LearnedNoise { start, min, max } }
    }

    #[test]
    fn a_number_or_a_table_is_read_and_written_back() {
        for (text, config) in [
            (json!(0.02), given(0.02)),
            (json!({"from": 0.5, "to": 0.25, "over": 8, "after": 0, "course": "linear"}), given(falling(0.25))),
            (json!({"steps": [[0, 0.5], [8, 0.25]]}), given(Scheduled::Steps { steps: vec![(0, 0.5), (8, 0.25)] })),
            (json!({"learned": {"start": 0.3, "min": 0.1, "max": 0.5}}), learned(0.3, 0.1, 0.5)),
        ] {
            assert_eq!(parse_as::<NoiseConfig>(text.clone()).unwrap(), config);
            assert_eq!(serde_json::to_value(&config).unwrap(), text);
        }
        assert_eq!(parse_as::<NoiseConfig>(json!(1)).unwrap(), given(1.0));
        let short = json!({"from": 0.5, "to": 0.25, "over": 8});
        assert_eq!(parse_as::<NoiseConfig>(short).unwrap(), given(falling(0.25)));
        assert_eq!(NoiseConfig::default(), given(0.0));
        assert_eq!(parse_as::<NoiseConfig>(json!({"learned": {"max": 0.4}})).unwrap(), learned(0.05, 0.01, 0.4));
    }

    #[test]
    fn a_wrong_key_or_value_is_told_with_its_place() {
        for (text, path, message) in [
            (json!("much"), "", "expected a number, or { learned"),
            (json!({"learnd": {}}), "learnd", "unknown field `learnd`"),
            (json!({"learned": {"strat": 1}}), "learned.strat", "unknown field `strat`"),
            (json!({"learned": {"start": "low"}}), "learned.start", "invalid type"),
            (json!({"from": 0.5, "to": "low", "over": 8}), "to", "invalid type"),
            (json!({}), "", "expected learned alone"),
            (json!({"from": 0.5, "to": 0.25}), "", "from, to and over"),
            (json!({"learned": {}, "steps": [[0, 0.5]]}), "", "expected learned alone"),
        ] {
            let error = parse_as::<NoiseConfig>(text).unwrap_err();
            assert_eq!(error.path, path);
            assert!(error.message.contains(message), "{error}");
        }
    }

    #[test]
    fn unusable_values_are_refused_by_key() {
        for (config, key) in [
            (given(-0.1), "noise"),
            (given(f64::NAN), "noise"),
            (given(falling(-0.1)), "noise"),
            (learned(0.1, 0.0, 0.2), "noise.learned.min"),
            (learned(0.1, 0.1, 0.05), "noise.learned.max"),
            (learned(0.1, 0.1, f64::INFINITY), "noise.learned.max"),
            (learned(0.3, 0.1, 0.2), "noise.learned.start"),
            (learned(f64::NAN, 0.1, 0.2), "noise.learned.start"),
        ] {
            assert_eq!(config.check().unwrap_err().key, key);
        }
        assert!(learned(0.1, 0.1, 0.1).check().is_ok());
        assert!(given(0.0).meets(Need::Jacobian).is_ok());
        for none in [given(0.0), given(falling(0.0))] {
            assert_eq!(none.meets(Need::Noise).unwrap_err().key, "noise");
        }
        for some in [given(0.1), given(falling(0.1)), learned(0.1, 0.1, 0.2)] {
            assert!(some.meets(Need::Noise).is_ok());
        }
    }

    #[test]
    fn a_learned_level_is_kept_within_its_limits() {
        let mut level = NoiseLevel::new(&learned(0.5, 0.25, 1.0));
        assert_eq!(level.sigma(), 0.5);
        for (moved, kept) in [(0.75, 0.75), (2.0, 1.0), (-3.0, 0.25)] {
            level.parameters_mut()[0].set(&[moved]);
            level.commit();
            assert_eq!(level.sigma(), kept);
        }
        assert!(NoiseLevel::new(&given(0.1)).parameter().is_none());
    }

    #[test]
    fn a_level_with_a_schedule_is_a_function_of_the_step() {
        let mut level = NoiseLevel::new(&given(falling(0.25)));
        assert_eq!((level.sigma(), level.parameters().len()), (0.5, 0));
        for (step, sigma) in [(4, 0.375), (8, 0.25), (900, 0.25), (0, 0.5)] {
            level.at_step(step);
            assert_eq!(level.sigma(), sigma, "step {step}");
        }
        let mut learned = NoiseLevel::new(&learned(0.5, 0.25, 1.0));
        learned.at_step(8);
        assert_eq!(learned.sigma(), 0.5);
    }
}
