//! Dotted keys: taken from tables, put into tables, shortened for people.

use figment::value::{Dict, Value as Given};
use toml::{Table, Value};

use super::super::layers::KIND;
use super::super::value;

/// Every value of a table and the tables inside it, by its dotted key, in the order of the text. What is inside a leaf is
/// not looked at.
pub(super) fn leaves<'a>(table: &'a Table, is_leaf: &impl Fn(&Value) -> bool) -> Vec<(String, &'a Value)> {
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

/// Values by dotted key as one table. A key that another one goes on from comes first, whatever the order.
pub(super) fn nested(values: &[(String, Value)]) -> Dict {
    let mut ordered: Vec<_> = values.iter().collect();
    ordered.sort_by_key(|(key, _)| key.matches('.').count());
    let mut table = Dict::new();
    for (key, value) in ordered {
        let path: Vec<_> = key.split('.').collect();
        insert(&mut table, &path, value::of_toml(value.clone()));
    }
    table
}

fn insert(table: &mut Dict, path: &[&str], value: Given) {
    match path {
        [] => {}
        [last] => drop(table.insert((*last).to_string(), value)),
        [first, rest @ ..] => {
            let inner = table
                .entry((*first).to_string())
                .or_insert_with(|| Given::from(Dict::new()));
            // The name of a component stands for a table with its kind.
            if let Given::String(_, name) = inner {
                *inner = Given::from(Dict::from([(KIND.to_string(), Given::from(name.clone()))]));
            }
            // Where something else is in the way, the key is not what was asked for, which the reader of the whole tells.
            if let Given::Dict(_, inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Whether what a configuration holds is what was asked for: a table may have more keys, and a name stands for a table.
pub(super) fn holds(found: &Given, wanted: &Given) -> bool {
    match (found, wanted) {
        (Given::Dict(_, found), Given::String(_, name)) => found.get(KIND).and_then(Given::as_str) == Some(name),
        (Given::Dict(_, found), Given::Dict(_, wanted)) => wanted
            .iter()
            .all(|(key, wanted)| found.get(key).is_some_and(|found| holds(found, wanted))),
        _ => value::text(found) == value::text(wanted),
    }
}

/// For each key its last parts, as many as it takes to be no other key's end.
pub(crate) fn labels(keys: &[String]) -> Vec<String> {
    let label = |key: &String| {
        let parts: Vec<_> = key.split('.').collect();
        let ends = (1..=parts.len()).map(|count| parts[parts.len() - count..].join("."));
        let shared = |end: &String| {
            let longer = format!(".{end}");
            keys.iter()
                .any(|other| other != key && (other == end || other.ends_with(&longer)))
        };
        ends.into_iter().find(|end| !shared(end)).unwrap_or_else(|| key.clone())
    };
    keys.iter().map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn keys_are_read_however_they_are_written_and_in_order() {
        let text = "\"z.a\" = 1\ny.b = [2]\n[x]\nc = { d = 3 }";
        let table = table(text);
        let found: Vec<_> = leaves(&table, &|_| false).into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, ["z.a", "y.b", "x.c.d"]);
        let found: Vec<_> = leaves(&table, &|value| value.get("d").is_some())
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(found, ["z.a", "y.b", "x.c"]);
    }

    #[test]
    fn a_name_and_options_of_it_make_one_table() {
        let values = [("upper.weight", Value::from(0.5)), ("upper", Value::from("gp"))];
        let values = values.map(|(key, value)| (key.to_string(), value));
        let made = Given::from(nested(&values));
        assert_eq!(value::text(&made), "{ upper = { kind = \"gp\", weight = 0.5 } }");
        let upper = made.find_ref("upper").unwrap();
        assert!(holds(upper, &Given::from("gp")) && !holds(upper, &Given::from("none")));
        assert!(holds(&made, &Given::from(nested(&values[..1]))));
        let other = [("upper.weight".to_string(), Value::from(0.25))];
        assert!(!holds(&made, &Given::from(nested(&other))));
    }

    #[test]
    fn a_label_is_as_short_as_it_can_be() {
        let keys = [
            "train.energy.optimizer.learning_rate",
            "train.generator.optimizer.learning_rate",
            "upper.weight",
            "weight",
        ];
        let expected = [
            "energy.optimizer.learning_rate",
            "generator.optimizer.learning_rate",
            "upper.weight",
            "weight",
        ];
        assert_eq!(labels(&keys.map(String::from)), expected);
        assert_eq!(labels(&["upper.weight".to_string()]), ["weight"]);
    }

    proptest! {
        #[test]
        fn labels_are_different_ends_of_their_keys(
            keys in prop::collection::btree_set("[ab](\\.[ab]){0,3}", 0..8)
        ) {
            let keys: Vec<String> = keys.into_iter().collect();
            let labels = labels(&keys);
            let different: BTreeSet<_> = labels.iter().collect();
            prop_assert_eq!(different.len(), keys.len());
            for (key, label) in keys.iter().zip(&labels) {
                let end = [".", label.as_str()].concat();
                prop_assert!(key == label || key.ends_with(&end));
            }
        }
    }
}
