//! The section `[compare]`: values that a comparison sets for each of its bounds and pairs of bounds.

use ebm_core::registry::{self, LowerBoundConfig, Registered, UpperBoundConfig};
use figment::value::{Dict, Value};
use std::{collections::BTreeMap, iter::zip};

use super::fault::{ConfigFault, Origin};
use super::layers::{COMPONENTS, KIND, Merged, of_kind};
use super::suggest;

pub const COMPARE: &str = "compare";
/// Any bound, in the name of a pair.
const ANY: &str = "*";

/// Values, and where they are from.
type Source = (Origin, Dict);

#[derive(Clone, Debug)]
pub(super) struct Comparison {
    /// The lower bounds, and the upper bounds.
    pub sides: [Side; 2],
    /// Values for the pairs that a pattern such as `mi+*` matches, lowest first.
    pairs: Vec<([String; 2], Source)>,
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
    /// The bounds that the section knows by a name of their own, each with its kind and its options.
    named: BTreeMap<String, (String, Source)>,
}

impl Comparison {
    /// Reads the section and checks what can be checked without a pair: names, kinds, the options of each bound.
    pub fn read(merged: &Merged) -> Result<Self, ConfigFault> {
        let empty = Dict::new();
        let section = merged.values.get(COMPARE).map_or(Ok(&empty), |given| table(merged, COMPARE, given))?;
        merged.only_known(COMPARE, section, &["lower", "upper", "pair"])?;
        let mut read = Self {
            sides: [
                Side::read::<dyn LowerBoundConfig>(merged, section, "lower")?,
                Side::read::<dyn UpperBoundConfig>(merged, section, "upper")?,
            ],
            pairs: Vec::new(),
        };
        for (path, pattern, values) in tables(merged, section, "pair")? {
            let pattern = read.pattern(pattern).map_err(|reason| merged.fault(&path, reason))?;
            let sections = COMPONENTS.map(|(section, _)| section).into_iter();
            let sections: Vec<&str> = sections.chain(["train", "evaluate", "checkpoint"]).collect();
            merged.only_known(&path, values, &sections)?;
            read.pairs.push((pattern, (origin(merged, &path), values.clone())));
        }
        // The closer a pattern describes a pair, the higher its values stand.
        read.pairs.sort_by_key(|(pattern, _)| pattern.clone().map(|name| name != ANY));
        Ok(read)
    }

    /// The names of a pattern, which exist, or what is wrong with it.
    fn pattern(&self, pattern: &str) -> Result<[String; 2], String> {
        let (lower, upper) =
            pattern.split_once('+').ok_or("a pair is written \"lower+upper\", either of them \"*\" for any")?;
        for (side, name) in zip(&self.sides, [lower, upper]).filter(|(_, name)| *name != ANY) {
            side.known(name).map_err(|hint| format!("there is no {} {name:?}; {hint}", side.noun))?;
        }
        Ok([lower.into(), upper.into()])
    }

    /// The sources that stand above the file for a pair, lowest first.
    pub fn layers(&self, pair: [&str; 2]) -> Vec<Source> {
        let mut layers = Vec::new();
        for (side, name) in zip(&self.sides, pair) {
            let kind = || Value::from(side.kind(name));
            let within = |options: Value| Dict::from([(side.key.to_string(), options)]);
            layers.push((Origin::Section(format!("--{} {name}", side.key)), within(of_kind(kind()))));
            layers.extend(side.named.get(name).map(|(_, (origin, options))| {
                let mut options = options.clone();
                options.insert(KIND.into(), kind());
                (origin.clone(), within(options.into()))
            }));
        }
        let matches =
            |pattern: &[String; 2]| zip(pattern, pair).all(|(pattern, name)| pattern == ANY || pattern == name);
        layers.extend(self.pairs.iter().filter(|(pattern, _)| matches(pattern)).map(|(_, source)| source.clone()));
        layers
    }
}

impl Side {
    fn read<C: Registered + ?Sized>(merged: &Merged, section: &Dict, key: &'static str) -> Result<Self, ConfigFault> {
        let kinds = registry::all::<C>().into_iter().map(|d| d.name).collect();
        let mut side = Self { key, noun: C::KIND, kinds, named: BTreeMap::new() };
        for (path, name, options) in tables(merged, section, key)? {
            let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if name.is_empty() || !name.chars().all(usable) {
                let reason = "the name of a bound is made of letters, digits, - and _: folders are named by it";
                return Err(merged.fault(&path, reason));
            }
            let (kind, _) = merged.component::<C>(&path, options, Some(name))?;
            side.named.insert(name.into(), (kind, (origin(merged, &path), options.clone())));
        }
        Ok(side)
    }

    /// The kind of the bound of a name, which may be that of the kind itself.
    pub fn kind<'a>(&'a self, name: &'a str) -> &'a str {
        self.named.get(name).map_or(name, |(kind, _)| kind)
    }

    /// Whether a bound has this name, one of the section or one that is registered; if not, a hint at the names that exist.
    pub fn known(&self, name: &str) -> Result<(), String> {
        let mut names: Vec<&str> = self.kinds.iter().copied().chain(self.named.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        if names.contains(&name) { Ok(()) } else { Err(suggest::hint(name, &names)) }
    }
}

fn table<'a>(merged: &Merged, path: &str, given: &'a Value) -> Result<&'a Dict, ConfigFault> {
    given.as_dict().ok_or_else(|| merged.wrong(path, "a table"))
}

/// The tables in a table of the section, each with its path and its name.
fn tables<'a>(merged: &Merged, section: &'a Dict, key: &str) -> Result<Vec<(String, &'a str, &'a Dict)>, ConfigFault> {
    let Some(given) = section.get(key) else { return Ok(Vec::new()) };
    let path = format!("{COMPARE}.{key}");
    let inner = |(name, given): (&'a String, &'a Value)| {
        let path = format!("{path}.{name}");
        table(merged, &path, given).map(|table| (path, name.as_str(), table))
    };
    table(merged, &path, given)?.iter().map(inner).collect()
}

/// The origin of the values of a table of the section: the source, and the table's name in it.
fn origin(merged: &Merged, path: &str) -> Origin {
    Origin::Section(format!("{} [{path}]", merged.blame(path)))
}
