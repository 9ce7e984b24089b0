//! The differences between two tables of values.

use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The number of differences that a phrase names; the others are counted.
const NAMED: usize = 4;

/// A key with different values in two tables: "train.steps = 30 instead of 40".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The key, dotted from the top.
    pub key: String,
    pub found: Option<Value>,
    pub wanted: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".into(), Value::to_string);
        write!(f, "{} = {} instead of {}", self.key, shown(&self.found), shown(&self.wanted))
    }
}

/// The differences between two JSON values, in the order of the keys.
pub fn differences(found: &Value, wanted: &Value) -> Vec<Difference> {
    let (found, wanted) = (leaves(found), leaves(wanted));
    let keys: BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let differing = keys.into_iter().filter(|key| found.get(*key) != wanted.get(*key));
    let value = |values: &BTreeMap<_, Value>, key| values.get(key).cloned();
    differing
        .map(|key| Difference { key: key.clone(), found: value(&found, key), wanted: value(&wanted, key) })
        .collect()
}

/// The differences in a phrase.
pub fn phrase(differences: &[Difference]) -> String {
    let first: Vec<_> = differences.iter().take(NAMED).map(ToString::to_string).collect();
    let first = first.join(", ");
    match differences.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}

/// Every value that is not a table, by its dotted key.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    fn collect(value: &Value, path: &str, found: &mut BTreeMap<String, Value>) {
        let Value::Object(table) = value else {
            found.insert(path.trim_start_matches('.').into(), value.clone());
            return;
        };
        table.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), found));
    }
    let mut found = BTreeMap::new();
    collect(value, "", &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_difference_has_both_values_and_many_are_counted() {
        let found =
            json!({"train": {"steps": 30, "batch": 4}, "hidden": [1, 2], "upper": {"kind": "gp", "weight": 0.5}});
        let wanted = json!({"train": {"steps": 40, "batch": 4}, "hidden": [1, 3], "upper": {"kind": "none"}});
        let told: Vec<_> = differences(&found, &wanted).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "hidden = [1,2] instead of [1,3]",
                "train.steps = 30 instead of 40",
                "upper.kind = \"gp\" instead of \"none\"",
                "upper.weight = 0.5 instead of nothing"
            ]
        );
        assert!(differences(&found, &found).is_empty());

        let table = |value: i32| json!({"a": value, "b": value, "c": value, "d": value, "e": value, "f": value});
        let text = phrase(&differences(&table(1), &table(2)));
        let (start, end) = ("a = 1 instead of 2, b = ", ", and 2 more");
        assert!(text.starts_with(start) && text.ends_with(end), "{text}");
    }
}
