//! A resolved configuration as TOML, each value with its origin.

use toml::{Table, Value};

use super::layers::Merged;
use super::resolve::Resolved;

/// Prints every value, given or default, with where it is from as a trailing comment. The text is a configuration file.
///
/// # Errors
/// If a component's configuration has no TOML form.
pub fn show(resolved: &Resolved) -> Result<String, toml::ser::Error> {
    let table = Table::try_from(&resolved.config)?;
    let mut text = String::new();
    write(&mut text, &table, "", &resolved.merged);
    Ok(text)
}

fn write(text: &mut String, table: &Table, path: &str, merged: &Merged) {
    let inside = |key: &str| {
        if path.is_empty() {
            key.to_string()
        } else {
            format!("{path}.{key}")
        }
    };
    let plain = table.iter().filter(|(_, value)| !value.is_table());
    let lines: Vec<_> = plain
        .map(|(key, value)| (format!("{key} = {value}"), merged.source(&inside(key))))
        .collect();
    if !path.is_empty() && (!lines.is_empty() || table.is_empty()) {
        text.push_str(&format!("\n[{path}]\n"));
    }
    let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    for (line, origin) in lines {
        text.push_str(&format!("{line:width$}  # {origin}\n"));
    }
    for (key, value) in table {
        if let Value::Table(inner) = value {
            write(text, inner, &inside(key), merged);
        }
    }
}
