//! The options of a table: name, type, default, meaning.

use toml::{Table, Value};

use super::{layers::KIND, schema::Schema};

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
    let mut entries = Vec::new();
    for (key, property) in schema.of_kind(defaults).properties().into_iter().filter(|(key, _)| *key != KIND) {
        let default = defaults.get(key);
        let key = format!("{path}{key}");
        // A table that is a choice, such as { vp = { ... } }, is a value; its options are listed with the choice.
        let inner = default.and_then(Value::as_table).filter(|inner| !property.of_kind(inner).properties().is_empty());
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
