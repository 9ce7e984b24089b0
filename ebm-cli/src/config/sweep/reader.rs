//! Reads the parts of a sweep's file that are not plain options: seeds, grid, listed and drawn points.

use ebm_core::{error::ConfigError, random::Random, registry::parse_as};
use toml::{Table, Value};

use super::range::Range;
use super::spec::{MOST_JOBS, MOST_RUNS, RandomSearch, SweepSpec};
use crate::config::fault::{ConfigFault, Origin};
use crate::config::layers::{Layers, Merged};
use crate::config::points::{Point, nested};
use crate::config::{section::json, value};

/// Parts of a key at most; no configuration has more than half as many.
const DEEPEST: usize = 16;
/// The name of the streams that points are drawn from.
const STREAM: &str = "sweep";

/// Keys, dotted from the top, each with the value given for it.
type Keyed<T> = Vec<(String, T)>;

/// Whether the name of a sweep may have this letter.
pub(super) fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_".contains(letter)
}

/// A sweep's file.
pub(super) struct Reader<'a> {
    origin: Origin,
    table: &'a Table,
    pub merged: Merged,
}

impl<'a> Reader<'a> {
    /// The file at `origin`, which says `table`.
    pub fn new(origin: Origin, table: &'a Table) -> Self {
        let values = value::of_table(table.clone());
        Self { merged: Layers::alone(origin.clone(), values).merge(), origin, table }
    }

    pub fn spec(&self) -> Result<SweepSpec, ConfigFault> {
        let spec = parse_as(json(&self.merged.values.clone().into()));
        let spec: SweepSpec = spec.map_err(|error| self.merged.unreadable("", error))?;
        let check = || {
            if let Some(name) = &spec.name {
                let good = !name.is_empty() && name.chars().all(is_name_letter);
                ConfigError::require(good, "name", format!("{name:?}"), "letters, digits, - and _")?;
            }
            let (jobs, expected) = (spec.local.jobs, format!("a whole number >= 1, and at most {MOST_JOBS}"));
            ConfigError::require((1..=MOST_JOBS).contains(&jobs), "local.jobs", jobs, &expected)?;
            spec.slurm.check().map_err(|error| error.within("slurm"))
        };
        check().map_err(|error| self.merged.refused("", error))?;
        Ok(spec)
    }

    /// The seeds; `first` is the configuration's.
    pub fn seeds(&self, first: u64) -> Result<Vec<u64>, ConfigFault> {
        let Some(given) = self.table.get("seeds") else { return Ok(vec![first]) };
        let expected = match given {
            Value::Array(list) => {
                let seed = |(index, one): (usize, &Value)| {
                    let number = one.as_integer().and_then(|number| u64::try_from(number).ok());
                    number
                        .ok_or_else(|| self.merged.wrong_value(&format!("seeds[{index}]"), one, "a whole number >= 0"))
                };
                return self.list("seeds", list)?.iter().enumerate().map(seed).collect();
            }
            Value::Integer(count @ 1..) if *count as u64 <= MOST_RUNS as u64 => {
                match (0..*count as u64).map(|k| first.checked_add(k)).collect() {
                    Some(seeds) => return Ok(seeds),
                    None => format!("fewer seeds: there are none so far after {first}"),
                }
            }
            Value::Integer(_) => format!("1 to {MOST_RUNS}, or a list of seeds"),
            _ => "a list of whole numbers >= 0, or how many seeds from the configuration's on".into(),
        };
        Err(self.merged.wrong_value("seeds", given, expected))
    }

    /// All points: those of the grid, the listed ones, the drawn ones; the configuration as it is where there are none.
    pub fn points(&self, random: &RandomSearch) -> Result<Vec<Point>, ConfigFault> {
        let mut points = self.grid()?;
        points.extend(self.listed()?);
        points.extend(self.drawn(random)?);
        if points.is_empty() {
            if self.table.get("seeds").is_none() {
                let reason = "missing; a sweep has a [grid], a [[point]], a [random] search, or seeds at least";
                return Err(self.merged.fault("grid", reason));
            }
            points.push(self.point("", Vec::new()));
        }
        Ok(points)
    }

    /// Refuses more runs than a sweep may have.
    pub fn check_size(&self, points: usize, seeds: usize) -> Result<(), ConfigFault> {
        match points.checked_mul(seeds) {
            Some(..=MOST_RUNS) => Ok(()),
            _ => Err(self.too_many("seeds", &format!("{points} points with {seeds} seeds each"))),
        }
    }

    fn grid(&self) -> Result<Vec<Point>, ConfigFault> {
        let Some(grid) = self.table.get("grid").and_then(Value::as_table) else { return Ok(Vec::new()) };
        let mut axes = Vec::new();
        for (key, given) in self.keyed("grid", leaves(grid, &|_| false))? {
            let place = format!("grid.{key}");
            let Value::Array(values) = given else {
                return Err(self.merged.wrong_value(&place, given, "a list of the values it takes"));
            };
            axes.push((key, self.list(&place, values)?));
        }
        match axes.iter().try_fold(1usize, |size, (_, values)| size.checked_mul(values.len())) {
            Some(..=MOST_RUNS) => {}
            Some(count) => return Err(self.too_many("grid", &format!("{count} points"))),
            None => return Err(self.too_many("grid", "more combinations than can be counted")),
        }
        Ok(product(&axes).into_iter().map(|values| self.point("[grid]", values)).collect())
    }

    fn listed(&self) -> Result<Vec<Point>, ConfigFault> {
        let Some(given) = self.table.get("point") else { return Ok(Vec::new()) };
        let list = match given.as_array().map(Vec::as_slice) {
            None => return Err(self.merged.wrong_value("point", given, "[[point]], once for every point")),
            Some([]) => return Err(self.merged.wrong_value("point", given, "at least one point")),
            Some(list) => list,
        };
        let point = |(index, given): (usize, &Value)| {
            let place = format!("point[{index}]");
            let Some(table) = given.as_table() else {
                return Err(self.merged.wrong_value(&place, given, "a table of keys with their values"));
            };
            let values = if table.is_empty() { Vec::new() } else { self.keyed(&place, leaves(table, &|_| false))? };
            let values = values.into_iter().map(|(key, value)| (key, value.clone()));
            Ok(self.point(&format!("[[point]] {}", index + 1), values.collect()))
        };
        list.iter().enumerate().map(point).collect()
    }

    fn drawn(&self, random: &RandomSearch) -> Result<Vec<Point>, ConfigFault> {
        let Some(section) = self.table.get("random") else { return Ok(Vec::new()) };
        let place = "random.range";
        let Some(ranges) = section.get("range").and_then(Value::as_table) else {
            let reason = "missing; a random search has a table [random.range] of keys with their ranges";
            return Err(self.merged.fault(place, reason));
        };
        let samples = usize::try_from(random.samples).unwrap_or(usize::MAX);
        if !(1..=MOST_RUNS).contains(&samples) {
            return Err(self.merged.wrong_value("random.samples", samples, format!("1 to {MOST_RUNS} points to draw")));
        }
        let read = |(key, given): (String, &Value)| match Range::read(given) {
            Some(range) => Ok((key, range)),
            None => Err(self.merged.wrong_value(&format!("{place}.{key}"), given, Range::EXPECTED)),
        };
        let ranges = self.keyed(place, leaves(ranges, &Range::is_meant))?.into_iter();
        let ranges: Keyed<Range> = ranges.map(read).collect::<Result<_, _>>()?;
        let root = Random::new(random.seed).stream(STREAM);
        let point = |sample: usize| {
            let draw = |(key, range): &(String, Range)| (key.clone(), range.draw(root.stream(key).at(sample as u64)));
            self.point(&format!("[random] point {}", sample + 1), ranges.iter().map(draw).collect())
        };
        Ok((0..samples).map(point).collect())
    }

    /// Refuses a table without keys, and keys that are there twice or that a sweep may not give values to.
    fn keyed(&self, place: &str, found: Keyed<&'a Value>) -> Result<Keyed<&'a Value>, ConfigFault> {
        if found.is_empty() {
            let reason = "missing; expected keys of a configuration, such as \"train.batch\"";
            return Err(self.merged.fault(&format!("{place}.KEY"), reason));
        }
        for (index, (key, _)) in found.iter().enumerate() {
            let mut parts = key.split('.');
            let fault = if parts.clone().count() > DEEPEST || parts.any(|part| part.trim().is_empty()) {
                "expected a key such as \"train.batch\""
            } else if key == "seed" {
                "the seeds of a sweep are given by `seeds`, for every point alike"
            } else if found[..index].iter().any(|(before, _)| before == key) {
                "given twice"
            } else {
                continue;
            };
            return Err(self.merged.fault(&format!("{place}.{key}"), fault));
        }
        Ok(found)
    }

    /// Refuses a list without values, and one with a value twice.
    fn list(&self, place: &str, list: &'a [Value]) -> Result<&'a [Value], ConfigFault> {
        if list.len() > MOST_RUNS {
            return Err(self.too_many(place, &format!("{} values", list.len())));
        }
        let twice = (1..list.len()).find(|&index| list[..index].contains(&list[index]));
        let expected = match (twice.map(|index| &list[index]), list) {
            (Some(Value::String(text)), _) => format!("each value once, and {text} is there twice"),
            (Some(value), _) => format!("each value once, and {value} is there twice"),
            (None, []) => "a list with at least one value".into(),
            (None, _) => return Ok(list),
        };
        Err(self.merged.wrong_value(place, Value::Array(list.to_vec()), expected))
    }

    /// A point with the values that a part of the file gives.
    fn point(&self, part: &str, values: Keyed<Value>) -> Point {
        let origin = Origin::Section(format!("{} {part}", self.origin));
        Point { layers: vec![(origin, nested(&values))], values, reason: "the sweep gives this key its values" }
    }

    fn too_many(&self, key: &str, what: &str) -> ConfigFault {
        self.merged.fault(key, format!("{what}: a sweep has at most {MOST_RUNS} runs"))
    }
}

/// Every value of a table and the tables inside it, in the order of the text. The inside of a leaf is not looked at.
fn leaves<'a>(table: &'a Table, is_leaf: &impl Fn(&Value) -> bool) -> Keyed<&'a Value> {
    let mut found = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) if !is_leaf(value) => {
                let inner = leaves(inner, is_leaf).into_iter();
                found.extend(inner.map(|(rest, value)| (format!("{key}.{rest}"), value)));
            }
            value => found.push((key.clone(), value)),
        }
    }
    found
}

/// Every combination of one value of each axis, in the order of the axes; the last axis varies fastest.
fn product(axes: &[(String, &[Value])]) -> Vec<Keyed<Value>> {
    axes.iter().fold(vec![Vec::new()], |points, (key, values)| {
        let longer = |point: &Keyed<Value>| {
            let with = |value: &Value| [point.as_slice(), &[(key.clone(), value.clone())]].concat();
            values.iter().map(with).collect::<Vec<_>>()
        };
        points.iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Counting in mixed radix is an independent way to enumerate: the digits of i are the values of point i.
        #[test]
        fn every_combination_is_there_once_and_in_order(lengths in prop::collection::vec(1usize..5, 0..5)) {
            let values: Vec<Value> = (0..5).map(Value::from).collect();
            let axes = lengths.iter().enumerate().map(|(axis, &length)| (format!("k{axis}"), &values[..length]));
            let axes: Vec<_> = axes.collect();
            let points = product(&axes);
            prop_assert_eq!(points.len(), lengths.iter().product::<usize>());
            for (index, point) in points.iter().enumerate() {
                let mut rest = index;
                for ((name, values), (key, value)) in axes.iter().zip(point).rev() {
                    prop_assert_eq!((key, value), (name, &values[rest % values.len()]));
                    rest /= values.len();
                }
                prop_assert_eq!(rest, 0);
            }
        }
    }
}
