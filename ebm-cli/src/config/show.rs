//! A resolved configuration as TOML, with the source of each value, and the course of each number that changes over the run.

use ebm_core::schedule::Scheduled;
use toml::{Table, Value};

use super::{resolve::Resolved, section::join};

/// Widest line whose source is aligned with those of others.
const WIDTH: usize = 80;

/// Writes every value, given or default, with its source as a trailing comment. The text is a configuration file, which says
/// first for what kind of data its defaults were chosen.
pub fn show(resolved: &Resolved) -> Result<String, toml::ser::Error> {
    let table = Table::try_from(&resolved.config)?;
    let fitted = resolved.merged.fitted();
    let mut text = fitted.map_or_else(String::new, |data| {
        format!(
            "# The file names no model: its defaults are those for {data}.
"
        )
    });
    write(&mut text, &table, "", resolved);
    Ok(text)
}

fn write(text: &mut String, table: &Table, path: &str, resolved: &Resolved) {
    let plain = table.iter().filter(|(_, value)| !value.is_table());
    let line = |(key, value): (&String, &Value)| (format!("{key} = {value}"), resolved.merged.source(&join(path, key)));
    let lines: Vec<_> = plain.map(line).collect();
    if !path.is_empty() && (!lines.is_empty() || table.is_empty()) {
        text.push_str(&format!("\n[{path}]\n"));
    }
    // A table that reads as a schedule is one, wherever it stands.
    if let Ok(number) = table.clone().try_into::<Scheduled>() {
        text.push_str(&format!("# {path}: {}\n", course(&number, resolved.config.train.steps)));
    }
    // A list of layers is longer than any line; its source need not stand below the others'.
    let width = lines.iter().map(|(line, _)| line.chars().count()).filter(|width| *width <= WIDTH).max().unwrap_or(0);
    for (line, origin) in lines {
        text.push_str(&format!("{line:width$}  # {origin}\n"));
    }
    for (key, value) in table {
        if let Value::Table(inner) = value {
            write(text, inner, &join(path, key), resolved);
        }
    }
}

/// The values at the first, the middle and the last of `steps`.
fn course(number: &Scheduled, steps: u64) -> String {
    let [first, middle, last] = [0, steps / 2, steps].map(|step| {
        // Without the digits that are rounding.
        let rounded = format!("{:.5e}", number.at(step)).parse().unwrap_or_else(|_| number.at(step));
        format!("{rounded} at step {step}")
    });
    format!("{first}, {middle}, {last}")
}
