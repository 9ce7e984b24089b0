//! Reads the parts of a sweep's file that are no plain options: seeds, grid, listed and drawn points.

use ebm_core::error::ConfigError;
use ebm_core::random::Random;
use ebm_core::registry::parse_as;
use toml::{Table, Value};

use super::axis::{Axis, product, size};
use super::keys::leaves;
use super::point::Point;
use super::range::Range;
use super::spec::{RandomSearch, SweepSpec};
use super::{MOST_RUNS, plain};
use crate::config::fault::ConfigFault;
use crate::config::layers::{Layers, Merged};
use crate::config::origin::Origin;
use crate::config::resolve::{json, refused, unreadable};
use crate::config::value;

/// Parts of a key at most; no configuration has more than half as many.
const DEEPEST: usize = 16;
/// The name of the streams that points are drawn from.
const STREAM: &str = "sweep";

/// Whether the name of a sweep may have this letter.
pub(super) fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_".contains(letter)
}

/// A sweep's file.
pub(super) struct Reader<'a> {
    origin: Origin,
    table: &'a Table,
    merged: Merged,
}

impl<'a> Reader<'a> {
    /// The file at `origin`, which says `table`.
    pub fn new(origin: Origin, table: &'a Table) -> Self {
        let values = value::of_table(table.clone());
        Self {
            merged: Layers::alone(origin.clone(), values).merge(),
            origin,
            table,
        }
    }

    /// The options, checked.
    pub fn spec(&self) -> Result<SweepSpec, ConfigFault> {
        let all = json(&figment::value::Value::from(self.merged.values().clone()));
        let spec: SweepSpec = parse_as(all).map_err(|error| unreadable(&self.merged, "", error))?;
        for key in ["config", "grid"] {
            self.table_at(self.table, key, key)?;
        }
        if let Some(name) = &spec.name {
            let good = !name.is_empty() && name.chars().all(is_name_letter);
            let checked = ConfigError::require(good, "name", format!("{name:?}"), "letters, digits, - and _");
            checked.map_err(|error| refused(&self.merged, "", error))?;
        }
        let jobs = spec.local.jobs;
        let checked = ConfigError::require(jobs > 0, "local.jobs", jobs, "a whole number >= 1");
        checked
            .and_then(|()| spec.slurm.check().map_err(|error| error.within("slurm")))
            .map_err(|error| refused(&self.merged, "", error))?;
        Ok(spec)
    }

    /// What is told where the base cannot be read: where it is named, too.
    pub fn no_base(&self, fault: ConfigFault) -> ConfigFault {
        match fault {
            ConfigFault::Unreadable { path, reason } => ConfigFault::Other {
                origin: self.origin.clone(),
                key: "base".into(),
                reason: format!("{path}: {reason}"),
            },
            fault => fault,
        }
    }

    /// The seeds; `first` is the configuration's.
    pub fn seeds(&self, first: u64) -> Result<Vec<u64>, ConfigFault> {
        let expected = "a list of whole numbers >= 0, or how many seeds from the configuration's on";
        let Some(given) = self.table.get("seeds") else {
            return Ok(vec![first]);
        };
        match given {
            Value::Integer(count @ 1..) if *count as u64 <= MOST_RUNS as u64 => {
                let seeds = (0..*count as u64).map(|k| first.checked_add(k));
                seeds.collect::<Option<_>>().ok_or_else(|| {
                    self.wrong(
                        "seeds",
                        given,
                        &format!("fewer seeds: there are none so far after {first}"),
                    )
                })
            }
            Value::Array(list) => {
                let list = self.list("seeds", list)?;
                let seed = |(index, one): (usize, &Value)| {
                    let number = one.as_integer().and_then(|number| u64::try_from(number).ok());
                    number.ok_or_else(|| self.wrong(&format!("seeds[{index}]"), one, "a whole number >= 0"))
                };
                list.iter().enumerate().map(seed).collect()
            }
            Value::Integer(..) => Err(self.wrong("seeds", given, &format!("1 to {MOST_RUNS}, or a list of seeds"))),
            _ => Err(self.wrong("seeds", given, expected)),
        }
    }

    /// All points: those of the grid, the listed ones, the drawn ones; the configuration as it is where there are none.
    pub fn points(&self, random: &RandomSearch) -> Result<Vec<Point>, ConfigFault> {
        let mut points = self.grid()?;
        points.extend(self.listed()?);
        points.extend(self.drawn(random)?);
        if points.is_empty() {
            if self.table.get("seeds").is_none() {
                return Err(ConfigFault::Missing {
                    origin: self.origin.clone(),
                    key: "grid".into(),
                    hint: "a sweep has a [grid], a [[point]], a [random] search, or seeds at least".into(),
                });
            }
            points.push(Point {
                values: Vec::new(),
                origin: self.origin.clone(),
            });
        }
        Ok(points)
    }

    /// Refuses more runs than a sweep may have.
    pub fn check_size(&self, points: usize, seeds: usize) -> Result<(), ConfigFault> {
        match points.checked_mul(seeds) {
            Some(runs) if runs <= MOST_RUNS => Ok(()),
            _ => Err(self.too_many("seeds", &format!("{points} points with {seeds} seeds each"))),
        }
    }

    fn grid(&self) -> Result<Vec<Point>, ConfigFault> {
        let Some(grid) = self.table_at(self.table, "grid", "grid")? else {
            return Ok(Vec::new());
        };
        let axes = self.keyed("grid", leaves(grid, &|_| false))?.into_iter();
        let axis = |(key, given): (String, &Value)| {
            let place = format!("grid.{key}");
            let Value::Array(values) = given else {
                return Err(self.wrong(&place, given, "a list of the values it takes"));
            };
            let values = self.list(&place, values)?.to_vec();
            Ok(Axis { key, values })
        };
        let axes: Vec<Axis> = axes.map(axis).collect::<Result<_, _>>()?;
        match size(&axes) {
            Some(count) if count <= MOST_RUNS => {}
            count => {
                let many = count.map_or_else(
                    || "more combinations than can be counted".into(),
                    |n| format!("{n} points"),
                );
                return Err(self.too_many("grid", &many));
            }
        }
        let point = |values| Point {
            values,
            origin: self.section("[grid]"),
        };
        Ok(product(&axes).into_iter().map(point).collect())
    }

    fn listed(&self) -> Result<Vec<Point>, ConfigFault> {
        let Some(given) = self.table.get("point") else {
            return Ok(Vec::new());
        };
        let Some(list) = given.as_array() else {
            return Err(self.wrong("point", given, "[[point]], once for every point"));
        };
        if list.is_empty() {
            return Err(self.wrong("point", given, "at least one point"));
        }
        let point = |(index, given): (usize, &Value)| {
            let place = format!("point[{index}]");
            let Some(table) = given.as_table() else {
                return Err(self.wrong(&place, given, "a table of keys with their values"));
            };
            let values = match table.is_empty() {
                true => Vec::new(),
                false => self.keyed(&place, leaves(table, &|_| false))?,
            };
            Ok(Point {
                values: values.into_iter().map(|(key, value)| (key, value.clone())).collect(),
                origin: self.section(&format!("[[point]] {}", index + 1)),
            })
        };
        list.iter().enumerate().map(point).collect()
    }

    fn drawn(&self, random: &RandomSearch) -> Result<Vec<Point>, ConfigFault> {
        let Some(section) = self.table_at(self.table, "random", "random")? else {
            return Ok(Vec::new());
        };
        let place = "random.range";
        let Some(ranges) = self.table_at(section, "range", place)? else {
            return Err(ConfigFault::Missing {
                origin: self.origin.clone(),
                key: place.into(),
                hint: "a random search has a table [random.range] of keys with their ranges".into(),
            });
        };
        let samples = usize::try_from(random.samples).unwrap_or(usize::MAX);
        if !(1..=MOST_RUNS).contains(&samples) {
            let given = Value::from(random.samples as i64);
            return Err(self.wrong("random.samples", &given, &format!("1 to {MOST_RUNS} points to draw")));
        }
        let mut read = Vec::new();
        for (key, given) in self.keyed(place, leaves(ranges, &Range::is_meant))? {
            let place = format!("{place}.{key}");
            let range = Range::read(given).ok_or_else(|| self.wrong(&place, given, Range::EXPECTED))?;
            read.push((key, range));
        }
        let root = Random::new(random.seed).stream(STREAM);
        let draw = |sample: usize| Point {
            values: read
                .iter()
                .map(|(key, range)| (key.clone(), range.draw(root.stream(key).at(sample as u64))))
                .collect(),
            origin: self.section(&format!("[random] point {}", sample + 1)),
        };
        Ok((0..samples).map(draw).collect())
    }

    /// The keys of a table, of which there is at least one, each once and each one that a sweep may give values to.
    fn keyed(&self, place: &str, found: Vec<(String, &'a Value)>) -> Result<Vec<(String, &'a Value)>, ConfigFault> {
        let other = |key: &str, reason: String| ConfigFault::Other {
            origin: self.origin.clone(),
            key: format!("{place}.{key}"),
            reason,
        };
        if found.is_empty() {
            return Err(ConfigFault::Missing {
                origin: self.origin.clone(),
                key: format!("{place}.KEY"),
                hint: "expected keys of a configuration, such as \"train.batch\"".into(),
            });
        }
        for (index, (key, _)) in found.iter().enumerate() {
            let parts = key.split('.');
            if parts.clone().count() > DEEPEST || parts.into_iter().any(|part| part.trim().is_empty()) {
                return Err(other(key, "expected a key such as \"train.batch\"".into()));
            }
            if key == "seed" {
                let text = "the seeds of a sweep are given by `seeds`, for every point alike";
                return Err(other(key, text.into()));
            }
            if found[..index].iter().any(|(before, _)| before == key) {
                return Err(other(key, "given twice".into()));
            }
        }
        Ok(found)
    }

    /// A list with at least one value and none twice.
    fn list<'b>(&self, place: &str, list: &'b [Value]) -> Result<&'b [Value], ConfigFault> {
        if list.is_empty() {
            return Err(self.wrong(place, &Value::Array(Vec::new()), "a list with at least one value"));
        }
        if list.len() > MOST_RUNS {
            return Err(self.too_many(place, &format!("{} values", list.len())));
        }
        for (index, value) in list.iter().enumerate() {
            if list[..index].contains(value) {
                let expected = format!("each value once, and {} is there twice", plain(value));
                return Err(self.wrong(place, &Value::Array(list.to_vec()), &expected));
            }
        }
        Ok(list)
    }

    /// The table at a key, if there is one.
    fn table_at(&self, table: &'a Table, key: &str, place: &str) -> Result<Option<&'a Table>, ConfigFault> {
        match table.get(key) {
            None => Ok(None),
            Some(Value::Table(inner)) => Ok(Some(inner)),
            Some(other) => Err(self.wrong(place, other, "a table")),
        }
    }

    fn wrong(&self, key: &str, value: &Value, expected: &str) -> ConfigFault {
        ConfigFault::Value {
            origin: self.origin.clone(),
            key: key.into(),
            value: value.to_string(),
            expected: expected.into(),
        }
    }

    fn too_many(&self, key: &str, what: &str) -> ConfigFault {
        ConfigFault::Other {
            origin: self.origin.clone(),
            key: key.into(),
            reason: format!("{what}: a sweep has at most {MOST_RUNS} runs"),
        }
    }

    /// The origin of values that a part of the file gives.
    fn section(&self, part: &str) -> Origin {
        Origin::Section(format!("{} {part}", self.origin))
    }
}
