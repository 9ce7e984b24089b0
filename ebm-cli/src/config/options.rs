//! The options of a table: name, type, default, meaning.

use toml::{Table, Value};

use super::layers::KIND;
use super::schema::Schema;

/// One option of a table or of a table inside it.
#[derive(Debug, PartialEq)]
pub struct OptionRow {
    /// The key, dotted from the outermost table.
    pub key: String,
    /// The type in plain words.
    pub type_name: String,
    /// The default as TOML; none for a table whose options follow, and for an option that may be left out.
    pub default: Option<String>,
    /// The meaning of the option, one line per paragraph.
    pub meaning: Vec<String>,
    /// The names that the option accepts, each with its meaning.
    pub choices: Vec<(String, String)>,
}

/// Lists the options of a table in the order they are declared, those of inner tables after them. Keys start with `path`.
pub fn options(schema: Schema<'_>, defaults: &Table, path: &str) -> Vec<OptionRow> {
    let schema = chosen(schema, defaults);
    let mut entries = Vec::new();
    for (key, property) in schema.properties().into_iter().filter(|(key, _)| *key != KIND) {
        let default = defaults.get(key);
        let key = format!("{path}{key}");
        // A table that is a choice, such as { vp = { ... } }, is a value; its options are listed with the choice.
        let inner = match default {
            Some(Value::Table(inner)) if !chosen(property, inner).properties().is_empty() => Some(inner),
            _ => None,
        };
        let told = |(name, meaning): (String, Option<String>)| Some((name, meaning?.replace('\n', " ")));
        entries.push(OptionRow {
            type_name: property.type_name(),
            default: default.filter(|_| inner.is_none()).map(Value::to_string),
            meaning: property.description().unwrap_or_default().lines().map(String::from).collect(),
            choices: property.choices().into_iter().filter_map(told).collect(),
            key: key.clone(),
        });
        if let Some(inner) = inner {
            entries.extend(options(property, inner, &format!("{key}.")));
        }
    }
    entries
}

/// The options of the kind that a table names, or of the table itself.
fn chosen<'a>(schema: Schema<'a>, table: &Table) -> Schema<'a> {
    let kind = table.get(KIND).and_then(Value::as_str);
    kind.map_or(schema, |kind| schema.chosen(KIND, kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;
    use serde::Serialize;

    /// A table.
    #[derive(Serialize, JsonSchema)]
    struct Outer {
        /// How many.
        count: usize,
        inner: Inner,
        limit: Option<f64>,
        process: Process,
    }

    /// What is inside.
    #[derive(Serialize, JsonSchema)]
    struct Inner {
        /// How deep.
        depth: f64,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Process {
        /// By a number.
        Named {
            /// The number.
            beta: f64,
        },
    }

    #[test]
    fn tables_are_followed_by_their_own_and_a_choice_is_a_value() {
        let defaults =
            Outer { count: 3, inner: Inner { depth: 0.5 }, limit: None, process: Process::Named { beta: 2.0 } };
        let root = schemars::schema_for!(Outer).to_value();
        let found = options(Schema::new(&root), &Table::try_from(&defaults).unwrap(), "outer.");
        let columns = |row: &OptionRow| (row.key.clone(), row.type_name.clone(), row.default.clone());
        let told: Vec<_> = found.iter().map(columns).collect();
        let expected = [
            ("outer.count", "whole number >= 0", Some("3")),
            ("outer.inner", "table", None),
            ("outer.inner.depth", "number", Some("0.5")),
            ("outer.limit", "number", None),
            ("outer.process", "\"named\"", Some("{ named = { beta = 2.0 } }")),
        ];
        let expected =
            expected.map(|(key, kind, default)| (key.to_string(), kind.to_string(), default.map(String::from)));
        assert_eq!(told, expected);
        assert_eq!(found[1].meaning, ["What is inside."]);
        assert!(found[4].choices[0].1.starts_with("By a number."), "{:?}", found[4]);
    }
}
