//! The section `[compare]`: values that a comparison sets for each of its bounds and pairs of bounds.

use ebm_core::registry::{self, LowerBoundConfig, Registered, UpperBoundConfig};
use figment::value::{Dict, Value};
use std::collections::BTreeMap;

use super::fault::ConfigFault;
use super::layers::{COMPONENTS, KIND, Merged};
use super::origin::Origin;
use super::section::{component, only_known, wrong};
use super::{suggest, value};

/// The section's key.
pub const COMPARE: &str = "compare";
/// Any bound, in the name of a pair.
const ANY: &str = "*";

/// The section `[compare]`.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    /// The lower bounds, and the upper bounds.
    pub sides: [Side; 2],
    /// Values for pairs, lowest first.
    pairs: Vec<PairValues>,
}

/// The bounds that may stand on one side of a pair.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// The section of a configuration: `lower` or `upper`.
    pub key: &'static str,
    /// The noun for a bound on this side.
    pub noun: &'static str,
    /// The names of all registered bounds of this side.
    kinds: Vec<&'static str>,
    /// The bounds of the section `[compare]`, by name.
    named: BTreeMap<String, NamedBound>,
}

/// A bound that a comparison knows by a name of its own.
#[derive(Clone, Debug)]
struct NamedBound {
    kind: String,
    options: Dict,
    origin: Origin,
}

/// Values for the pairs that a pattern such as `mi+*` matches.
#[derive(Clone, Debug)]
struct PairValues {
    pattern: [String; 2],
    values: Dict,
    origin: Origin,
}

impl Comparison {
    /// Reads the section and checks what can be checked without a pair: names, kinds, the options of each bound.
    pub fn read(merged: &Merged) -> Result<Self, ConfigFault> {
        let empty = Dict::new();
        let section = match merged.values().get(COMPARE) {
            None => &empty,
            Some(given) => table(merged, COMPARE, given)?,
        };
        only_known(merged, COMPARE, section, &["lower", "upper", "pair"])?;
        let mut read = Self {
            sides: [
                Side::read::<dyn LowerBoundConfig>(merged, section, "lower")?,
                Side::read::<dyn UpperBoundConfig>(merged, section, "upper")?,
            ],
            pairs: Vec::new(),
        };
        if let Some(given) = section.get("pair") {
            let path = format!("{COMPARE}.pair");
            for (pattern, values) in table(merged, &path, given)? {
                let pair = read.pair(merged, &format!("{path}.{pattern}"), pattern, values)?;
                read.pairs.push(pair);
            }
            // The closer a pattern describes a pair, the higher its values stand.
            read.pairs.sort_by_key(|pair| pair.pattern.clone().map(|name| name != ANY));
        }
        Ok(read)
    }

    fn pair(&self, merged: &Merged, path: &str, pattern: &str, values: &Value) -> Result<PairValues, ConfigFault> {
        let other = |reason: String| ConfigFault::Other { origin: merged.blame(path), key: path.to_string(), reason };
        let (lower, upper) = pattern
            .split_once('+')
            .ok_or_else(|| other("a pair is written \"lower+upper\", either of them \"*\" for any".into()))?;
        for (side, name) in self.sides.iter().zip([lower, upper]).filter(|(_, name)| *name != ANY) {
            if let Some(hint) = side.unknown(name) {
                return Err(other(format!("there is no {} {name:?}; {hint}", side.noun)));
            }
        }
        let values = table(merged, path, values)?;
        let sections = COMPONENTS.map(|(section, _)| section).into_iter();
        let sections: Vec<&str> = sections.chain(["train", "evaluate", "checkpoint"]).collect();
        only_known(merged, path, values, &sections)?;
        Ok(PairValues { pattern: [lower.into(), upper.into()], values: untagged(values), origin: origin(merged, path) })
    }

    /// The sources that stand above the file for a pair, lowest first.
    pub fn layers(&self, pair: [&str; 2]) -> Vec<(Origin, Dict)> {
        let mut layers = Vec::new();
        for (side, name) in self.sides.iter().zip(pair) {
            let kind = side.kind(name);
            let chosen = |mut table: Dict| {
                table.insert(KIND.into(), Value::from(kind));
                Dict::from([(side.key.to_string(), Value::from(table))])
            };
            layers.push((Origin::Section(format!("--{} {name}", side.key)), chosen(Dict::new())));
            let named = side.named.get(name);
            layers.extend(named.map(|bound| (bound.origin.clone(), chosen(bound.options.clone()))));
        }
        let matches = |values: &&PairValues| {
            let mut names = values.pattern.iter().zip(pair);
            names.all(|(pattern, name)| pattern == ANY || pattern == name)
        };
        let of_pair = self.pairs.iter().filter(matches);
        layers.extend(of_pair.map(|pair| (pair.origin.clone(), pair.values.clone())));
        layers
    }
}

impl Side {
    fn read<C: Registered + ?Sized>(merged: &Merged, section: &Dict, key: &'static str) -> Result<Self, ConfigFault> {
        let mut side = Self {
            key,
            noun: C::KIND,
            kinds: registry::all::<C>().into_iter().map(|d| d.name).collect(),
            named: BTreeMap::new(),
        };
        let Some(given) = section.get(key) else {
            return Ok(side);
        };
        let path = format!("{COMPARE}.{key}");
        for (name, given) in table(merged, &path, given)? {
            let path = format!("{path}.{name}");
            let table = table(merged, &path, given)?;
            let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(usable) {
                return Err(ConfigFault::Other {
                    origin: merged.blame(&path),
                    key: path,
                    reason: "the name of a bound is made of letters, digits, - and _: folders are named by it".into(),
                });
            }
            let (kind, _) = component::<C>(merged, &path, table, Some(name))?;
            let bound = NamedBound { kind, options: untagged(table), origin: origin(merged, &path) };
            side.named.insert(name.clone(), bound);
        }
        Ok(side)
    }

    /// The kind of the bound of a name, which may be that of the kind itself.
    pub fn kind<'a>(&'a self, name: &'a str) -> &'a str {
        self.named.get(name).map_or(name, |bound| &bound.kind)
    }

    /// A hint at the names that exist, if no bound has this name: neither one of the section nor one that is
    /// registered.
    pub fn unknown(&self, name: &str) -> Option<String> {
        let mut names: Vec<&str> = self.kinds.iter().copied().chain(self.named.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        (!names.contains(&name)).then(|| suggest::hint(name, &names))
    }
}

fn table<'a>(merged: &Merged, path: &str, given: &'a Value) -> Result<&'a Dict, ConfigFault> {
    given.as_dict().ok_or_else(|| wrong(merged, path, "a table"))
}

/// The origin of the values of a table of the section: the source, and the table's name in it.
fn origin(merged: &Merged, path: &str) -> Origin {
    Origin::Section(format!("{} [{path}]", merged.blame(path)))
}

/// The values without the mark of the layer that they are from, to be given one of their own.
fn untagged(table: &Dict) -> Dict {
    table.iter().map(|(key, v)| (key.clone(), value::untagged(v))).collect()
}
