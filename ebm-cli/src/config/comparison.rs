//! The section `[compare]`: what a comparison puts above a configuration for each of its bounds and pairs of bounds.

use ebm_core::registry::{self, LowerBoundConfig, Registered, UpperBoundConfig};
use figment::value::{Dict, Value};
use std::collections::BTreeMap;

use super::fault::ConfigFault;
use super::layers::{COMPONENTS, KIND, Merged};
use super::origin::Origin;
use super::resolve::{json, unreadable};
use super::{suggest, value};

/// The section's key.
pub const COMPARE: &str = "compare";
/// In a pair: whatever bound there is.
const ANY: &str = "*";

/// A bound that a comparison knows by a name of its own.
#[derive(Clone, Debug)]
pub(super) struct NamedBound {
    /// The registered kind.
    pub kind: String,
    /// Options of that kind.
    pub options: Dict,
    /// Where they are from.
    pub origin: Origin,
}

/// Values for the pairs that a pattern such as `mi+*` fits.
#[derive(Clone, Debug)]
pub(super) struct PairValues {
    lower: String,
    upper: String,
    /// Any part of a configuration.
    pub values: Dict,
    /// Where they are from.
    pub origin: Origin,
}

impl PairValues {
    /// Whether the pattern fits a pair.
    pub fn fits(&self, lower: &str, upper: &str) -> bool {
        let fits = |pattern: &str, name: &str| pattern == ANY || pattern == name;
        fits(&self.lower, lower) && fits(&self.upper, upper)
    }

    /// The closer a pattern describes a pair, the higher its values stand.
    fn rank(&self) -> (bool, bool) {
        (self.lower != ANY, self.upper != ANY)
    }
}

/// The section `[compare]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// Lower bounds by name.
    pub lower: BTreeMap<String, NamedBound>,
    /// Upper bounds by name.
    pub upper: BTreeMap<String, NamedBound>,
    /// Values for pairs, lowest first.
    pub pairs: Vec<PairValues>,
}

impl Comparison {
    /// Reads the section and checks what can be checked without a pair: names, kinds, the options of each bound.
    pub fn read(merged: &Merged) -> Result<Self, ConfigFault> {
        let Some(given) = merged.values().get(COMPARE) else {
            return Ok(Self::default());
        };
        let section = table(merged, COMPARE, given)?;
        known(merged, COMPARE, section, &["lower", "upper", "pair"])?;
        let mut read = Self {
            lower: bounds::<dyn LowerBoundConfig>(merged, section, "lower")?,
            upper: bounds::<dyn UpperBoundConfig>(merged, section, "upper")?,
            pairs: Vec::new(),
        };
        if let Some(given) = section.get("pair") {
            let path = format!("{COMPARE}.pair");
            for (pattern, values) in table(merged, &path, given)? {
                let pair = read.pair(merged, &path, pattern, values)?;
                read.pairs.push(pair);
            }
            read.pairs.sort_by_key(PairValues::rank);
        }
        Ok(read)
    }

    /// The names a comparison may use on a side: the section's own, and everything that is registered.
    pub fn names<C: Registered + ?Sized>(own: &BTreeMap<String, NamedBound>) -> Vec<String> {
        let registered = registry::all::<C>().into_iter().map(|d| d.name.to_string());
        let mut names: Vec<String> = own.keys().cloned().chain(registered).collect();
        names.sort();
        names.dedup();
        names
    }

    fn pair(&self, merged: &Merged, path: &str, pattern: &str, values: &Value) -> Result<PairValues, ConfigFault> {
        let path = format!("{path}.{pattern}");
        let other = |reason: String| ConfigFault::Other {
            origin: merged.blame(&path),
            key: path.clone(),
            reason,
        };
        let (lower, upper) = pattern
            .split_once('+')
            .ok_or_else(|| other("a pair is written \"lower+upper\", either of them \"*\" for any".into()))?;
        for (name, names, kind) in [
            (
                lower,
                Self::names::<dyn LowerBoundConfig>(&self.lower),
                <dyn LowerBoundConfig>::KIND,
            ),
            (
                upper,
                Self::names::<dyn UpperBoundConfig>(&self.upper),
                <dyn UpperBoundConfig>::KIND,
            ),
        ] {
            if name != ANY && !names.iter().any(|known| known == name) {
                let hint = suggest::hint(name, &names);
                return Err(other(format!("there is no {kind} {name:?}; {hint}")));
            }
        }
        let values = table(merged, &path, values)?;
        let sections: Vec<&str> = COMPONENTS
            .map(|(section, _)| section)
            .into_iter()
            .chain(["train", "evaluate", "checkpoint"])
            .collect();
        known(merged, &path, values, &sections)?;
        Ok(PairValues {
            lower: lower.into(),
            upper: upper.into(),
            values: untagged(values),
            origin: origin(merged, &path),
        })
    }
}

fn bounds<C: Registered + ?Sized>(
    merged: &Merged,
    section: &Dict,
    side: &str,
) -> Result<BTreeMap<String, NamedBound>, ConfigFault> {
    let Some(given) = section.get(side) else {
        return Ok(BTreeMap::new());
    };
    let path = format!("{COMPARE}.{side}");
    let mut read = BTreeMap::new();
    for (name, given) in table(merged, &path, given)? {
        let path = format!("{path}.{name}");
        let mut options = table(merged, &path, given)?.clone();
        let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(usable) {
            return Err(ConfigFault::Other {
                origin: merged.blame(&path),
                key: path,
                reason: "the name of a bound is made of letters, digits, - and _: folders are named by it".into(),
            });
        }
        let kind = match options.remove(KIND) {
            None => name.clone(),
            Some(Value::String(_, kind)) => kind,
            Some(other) => {
                let key = format!("{path}.{KIND}");
                return Err(wrong(merged, &key, &other, &format!("the name of a {}", C::KIND)));
            }
        };
        let Some(descriptor) = registry::find::<C>(&kind) else {
            let names: Vec<_> = registry::all::<C>().iter().map(|d| d.name).collect();
            return Err(ConfigFault::UnknownName {
                origin: merged.blame(&path),
                section: path,
                name: kind.clone(),
                kind: C::KIND,
                hint: suggest::hint(&kind, &names),
            });
        };
        (descriptor.parse)(json(&Value::from(options.clone()))).map_err(|error| unreadable(merged, &path, error))?;
        read.insert(
            name.clone(),
            NamedBound {
                kind,
                options: untagged(&options),
                origin: origin(merged, &path),
            },
        );
    }
    Ok(read)
}

fn table<'a>(merged: &Merged, path: &str, given: &'a Value) -> Result<&'a Dict, ConfigFault> {
    given.as_dict().ok_or_else(|| wrong(merged, path, given, "a table"))
}

fn wrong(merged: &Merged, key: &str, value: &Value, expected: &str) -> ConfigFault {
    ConfigFault::Value {
        origin: merged.blame(key),
        key: key.into(),
        value: value::text(value),
        expected: expected.into(),
    }
}

fn known(merged: &Merged, path: &str, table: &Dict, known: &[&str]) -> Result<(), ConfigFault> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(ConfigFault::UnknownKey {
            origin: merged.blame(&format!("{path}.{key}")),
            key: format!("{path}.{key}"),
            hint: suggest::hint(key, known),
        }),
    }
}

/// Where the values of a table of the section are from: the source, and the table's name in it.
fn origin(merged: &Merged, path: &str) -> Origin {
    Origin::Section(format!("{} [{path}]", merged.blame(path)))
}

/// The same values without the mark of the layer they are from, to be given one of their own.
fn untagged(table: &Dict) -> Dict {
    table.iter().map(|(key, v)| (key.clone(), value::untagged(v))).collect()
}
