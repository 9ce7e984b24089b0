//! Numbers that change over a run: the entropy's weight, the noise, the weight of a penalty.

use std::{borrow::Cow, f64::consts::PI, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::ConfigError;

/// The shape of the way from a first value to a last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Course {
    /// It stays at the first.
    #[default]
    Constant,
    /// In a straight line.
    Linear,
    /// Along half a cosine.
    Cosine,
    /// By a constant factor a step.
    Exponential,
}

impl Course {
    /// The value at `progress` in [0, 1] on the way from `from` to `to`.
    pub fn between(self, from: f64, to: f64, progress: f64) -> f64 {
        match self {
            Self::Constant => from,
            Self::Linear => from + (to - from) * progress,
            Self::Cosine => to + (from - to) * 0.5 * (1.0 + (PI * progress).cos()),
            Self::Exponential => from * (to / from).powf(progress),
        }
    }
}

/// A number that may change over the run: `0.1`, `{ from = 0.1, to = 0.01, over = 5000 }` or `{ steps = [[0, 0.1], [5000, 0.01]] }`.
///
/// ```
/// use ebm_core::schedule::Scheduled;
///
/// let falling: Scheduled = serde_json::from_str(r#"{"from": 1.0, "to": 0.5, "over": 100, "after": 50}"#)?;
/// assert_eq!([0, 50, 100, 150, 900].map(|step| falling.at(step)), [1.0, 1.0, 0.75, 0.5, 0.5]);
/// let steps: Scheduled = serde_json::from_str(r#"{"steps": [[0, 1.0], [10, 0.5]]}"#)?;
/// assert_eq!([9, 10].map(|step| steps.at(step)), [1.0, 0.5]);
/// assert_eq!(Scheduled::from(0.1).at(7), 0.1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Scheduled {
    /// This value throughout.
    Constant(f64),
    /// From one value to another.
    Way(Way),
    /// Values that hold from a step on.
    Steps {
        /// Pairs of a step and the value from it on; the first step is 0, and they ascend.
        steps: Vec<(u64, f64)>,
    },
}

/// The way from one value to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// The value until the way begins.
    pub from: f64,
    /// The value once it has ended.
    pub to: f64,
    /// Iterations that it takes.
    pub over: u64,
    /// Iterations before it begins.
    #[serde(default)]
    pub after: u64,
    /// Its shape.
    #[serde(default = "linear")]
    pub course: Course,
}

fn linear() -> Course {
    Course::Linear
}

/// By hand, so that a reference of options explains the tables once and not at every option.
impl JsonSchema for Scheduled {
    fn schema_name() -> Cow<'static, str> {
        "Scheduled".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "object"] })
    }
}

impl From<f64> for Scheduled {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl Scheduled {
    /// The value after `step` iterations.
    pub fn at(&self, step: u64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Way(way) => {
                let progress = step.saturating_sub(way.after) as f64 / way.over.max(1) as f64;
                match progress {
                    0.0 => way.from,
                    progress if progress >= 1.0 => way.to,
                    progress => way.course.between(way.from, way.to, progress),
                }
            }
            Self::Steps { steps } => {
                let begun = steps.iter().rev().find(|(start, _)| *start <= step);
                begun.or(steps.first()).map_or(f64::NAN, |(_, value)| *value)
            }
        }
    }

    /// The values it starts from, goes to, or holds: no other is further out.
    pub fn values(&self) -> Vec<f64> {
        match self {
            Self::Constant(value) => vec![*value],
            Self::Way(way) => vec![way.from, way.to],
            Self::Steps { steps } => steps.iter().map(|(_, value)| *value).collect(),
        }
    }

    /// Refuses a value of the option `key` that is not finite or below 0, and steps that do not ascend from 0.
    pub fn check_not_negative(&self, key: &str) -> Result<(), ConfigError> {
        self.values().into_iter().try_for_each(|value| ConfigError::require_not_negative(key, value))?;
        match self {
            Self::Constant(_) => Ok(()),
            Self::Way(way) => {
                let exponential = way.course == Course::Exponential;
                let positive = !exponential || (way.from > 0.0 && way.to > 0.0);
                ConfigError::require(positive, key, self, "two values > 0, for an exponential course")
            }
            Self::Steps { steps } => {
                let ascend = steps.first().is_some_and(|(start, _)| *start == 0) && steps.is_sorted_by_key(|(s, _)| *s);
                ConfigError::require(ascend, key, self, "steps that ascend from 0")
            }
        }
    }
}

impl fmt::Display for Scheduled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(value) => write!(f, "{value}"),
            Self::Way(Way { from, to, over, .. }) => write!(f, "from {from} to {to} over {over} steps"),
            Self::Steps { steps } => write!(f, "{steps:?}"),
        }
    }
}

/// By hand, so that a wrong key or value is told with its place; serde's untagged enums only say that nothing fitted.
impl<'de> Deserialize<'de> for Scheduled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTable)
    }
}

struct NumberOrTable;

/// The table that a schedule is written as, of which some keys are given: for options that take another form beside it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleTable {
    /// [`Way::from`]
    pub from: Option<f64>,
    /// [`Way::to`]
    pub to: Option<f64>,
    /// [`Way::over`]
    pub over: Option<u64>,
    /// [`Way::after`]
    pub after: Option<u64>,
    /// [`Way::course`], a straight line if it is not given.
    pub course: Option<Course>,
    /// Pairs of a step and the value from it on.
    pub steps: Option<Vec<(u64, f64)>>,
}

impl ScheduleTable {
    /// The schedule, if the keys are those of one.
    pub fn schedule(self) -> Option<Scheduled> {
        match self {
            Self { from: Some(from), to: Some(to), over: Some(over), after, course, steps: None } => {
                let (after, course) = (after.unwrap_or(0), course.unwrap_or_else(linear));
                Some(Scheduled::Way(Way { from, to, over, after, course }))
            }
            Self { from: None, to: None, over: None, after: None, course: None, steps: Some(steps) } => {
                Some(Scheduled::Steps { steps })
            }
            _ => None,
        }
    }
}

impl<'de> Visitor<'de> for NumberOrTable {
    type Value = Scheduled;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a finite number, { from = ..., to = ..., over = ... } or { steps = [[0, ...], ...] }")
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Scheduled, E> {
        Ok(Scheduled::Constant(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Scheduled, E> {
        Ok(Scheduled::Constant(value as f64))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Scheduled, E> {
        Ok(Scheduled::Constant(value as f64))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scheduled, A::Error> {
        let schedule = ScheduleTable::deserialize(MapAccessDeserializer::new(map))?.schedule();
        let expected = "expected from, to and over (after and course may be added), or steps alone";
        schedule.ok_or_else(|| A::Error::custom(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: serde_json::Value) -> Result<Scheduled, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn courses_meet_both_ends_and_the_middles_of_their_curves() {
        for (course, middle) in [(Course::Linear, 2.5), (Course::Cosine, 2.5), (Course::Exponential, 2.0)] {
            let at = [0.0, 0.5, 1.0].map(|progress| course.between(4.0, 1.0, progress));
            at.iter().zip([4.0, middle, 1.0]).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{course:?}: {at:?}"));
        }
        assert_eq!(Course::Constant.between(4.0, 1.0, 0.5), 4.0);
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in [json!(0.5), json!({"from": 1.0, "to": 0.1, "over": 10}), json!({"steps": [[0, 1.0], [5, 2.0]]})] {
            let read_once = read(text).unwrap();
            assert_eq!(read(serde_json::to_value(&read_once).unwrap()).unwrap(), read_once);
        }
        assert_eq!(read(json!(3)).unwrap(), Scheduled::Constant(3.0));
    }

    #[test]
    fn incomplete_tables_and_unusable_values_are_refused_with_what_was_expected() {
        assert!(read(json!({"from": 1.0})).unwrap_err().contains("from, to and over"));
        assert!(read(json!({"form": 1.0})).unwrap_err().contains("form"));
        let check = |value| read(value).unwrap().check_not_negative("weight").unwrap_err().expected;
        assert!(check(json!(-1.0)).contains(">= 0"), "{}", check(json!(-1.0)));
        assert!(check(json!({"steps": [[3, 1.0]]})).contains("ascend"));
        assert!(check(json!({"from": 1.0, "to": 0.0, "over": 9, "course": "exponential"})).contains("> 0"));
    }
}
