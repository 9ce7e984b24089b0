//! Configuration values: read from text, converted, and written as text.

use figment::value::{Dict, Value};

/// Reads a value as TOML (`3`, `0.5`, `true`, `[64, 64]`, `{ kind = "gp" }`), or takes the text itself.
pub fn parse(text: &str) -> Value {
    // A trailing comment or line break would be dropped silently, so only a single value on a single line counts.
    let single = !text.contains(['\n', '#']);
    let toml = single.then(|| text.trim().parse::<toml::Value>().ok()).flatten();
    match toml {
        Some(value) if !matches!(value, toml::Value::Datetime(_)) => of_toml(value),
        _ => Value::from(text),
    }
}

pub fn of_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::from(truth),
        toml::Value::Datetime(moment) => Value::from(moment.to_string()),
        toml::Value::Array(items) => Value::from(items.into_iter().map(of_toml).collect::<Vec<_>>()),
        toml::Value::Table(table) => Value::from(of_table(table)),
    }
}

pub fn of_table(table: toml::Table) -> Dict {
    table.into_iter().map(|(key, value)| (key, of_toml(value))).collect()
}

/// The value as it would stand in a file.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(_, text) => format!("{text:?}"),
        Value::Char(_, letter) => format!("{:?}", letter.to_string()),
        Value::Bool(_, truth) => truth.to_string(),
        Value::Num(_, number) => match (number.to_f64(), number.to_i128()) {
            (Some(float), None) => format!("{float:?}"),
            (_, Some(integer)) => integer.to_string(),
            (None, None) => number.to_u128().map_or_else(|| "a number".into(), |n| n.to_string()),
        },
        Value::Empty(..) => "nothing".into(),
        Value::Array(_, items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Dict(_, dict) => {
            let entries: Vec<_> = dict.iter().map(|(key, value)| format!("{key} = {}", text(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_as_toml_and_else_kept() {
        for (given, read) in [
            ("3", "3"),
            ("-0.5", "-0.5"),
            ("1e-3", "0.001"),
            ("true", "true"),
            ("none", "\"none\""),
            ("25-gaussians", "\"25-gaussians\""),
            ("\"3\"", "\"3\""),
            ("[64, 64]", "[64, 64]"),
            ("{ kind = \"gp\", weight = 1 }", "{ kind = \"gp\", weight = 1 }"),
            ("1979-05-27", "\"1979-05-27\""),
            ("3 # three", "\"3 # three\""),
            ("", "\"\""),
        ] {
            assert_eq!(text(&parse(given)), read, "{given}");
        }
    }
}
