//! A resolved configuration as TOML, with the source of each value.

use toml::{Table, Value};

use super::{layers::Merged, resolve::Resolved, section::join};

/// Writes every value, given or default, with its source as a trailing comment. The text is a configuration file, which says
/// first for what kind of data its defaults were chosen.
pub fn show(resolved: &Resolved) -> Result<String, toml::ser::Error> {
    let table = Table::try_from(&resolved.config)?;
    let fitted = resolved.merged.fitted();
    let mut text = fitted
        .map_or_else(String::new, |data| format!("# The file names no model: its defaults are those for {data}.\n"));
    write(&mut text, &table, "", &resolved.merged);
    Ok(text)
}

fn write(text: &mut String, table: &Table, path: &str, merged: &Merged) {
    let plain = table.iter().filter(|(_, value)| !value.is_table());
    let line = |(key, value): (&String, &Value)| (format!("{key} = {value}"), merged.source(&join(path, key)));
    let lines: Vec<_> = plain.map(line).collect();
    if !path.is_empty() && (!lines.is_empty() || table.is_empty()) {
        text.push_str(&format!("\n[{path}]\n"));
    }
    let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    for (line, origin) in lines {
        text.push_str(&format!("{line:width$}  # {origin}\n"));
    }
    for (key, value) in table {
        if let Value::Table(inner) = value {
            write(text, inner, &join(path, key), merged);
        }
    }
}
