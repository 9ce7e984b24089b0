//! Reads the sections of a configuration, and reports what is wrong with one: its source, its key, its value.

use ebm_core::error::ConfigError;
use ebm_core::registry::{self, ParseError, Registered};
use figment::value::{Dict, Value};
use serde_json::Value as Json;

use super::fault::ConfigFault;
use super::layers::{KIND, Merged};
use super::{suggest, value};

/// Reads a table that holds a registered component, which is a `kind` where the table names none; its kind and itself.
pub(super) fn component<C: Registered + ?Sized>(
    merged: &Merged,
    section: &str,
    table: &Dict,
    kind: Option<&str>,
) -> Result<(String, Box<C>), ConfigFault> {
    let key = format!("{section}.{KIND}");
    let name = match (table.get(KIND), kind) {
        (Some(Value::String(_, name)), _) => name,
        (Some(_), _) => return Err(wrong(merged, &key, format!("the name of a {}", C::KIND))),
        (None, Some(kind)) => kind,
        (None, None) => return Err(missing(merged, section, KIND)),
    };
    let descriptor = registry::find::<C>(name).ok_or_else(|| {
        let names: Vec<_> = registry::all::<C>().iter().map(|d| d.name).collect();
        ConfigFault::UnknownName {
            origin: merged.blame(&key),
            section: section.to_string(),
            name: name.to_string(),
            kind: C::KIND,
            hint: suggest::hint(name, &names),
        }
    })?;
    let mut options = table.clone();
    options.remove(KIND);
    let read = (descriptor.parse)(json(&Value::from(options))).map_err(|error| unreadable(merged, section, error))?;
    Ok((name.to_string(), read))
}

/// Refuses a table with a key that is not one of `known`. `path`: the table's own key, empty for the whole configuration.
pub(super) fn only_known(merged: &Merged, path: &str, table: &Dict, known: &[&str]) -> Result<(), ConfigFault> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(ConfigFault::UnknownKey {
            origin: merged.blame(&join(path, key)),
            key: join(path, key),
            hint: suggest::hint(key, known),
        }),
    }
}

/// The fault of a key whose value is not what was expected.
pub(super) fn wrong(merged: &Merged, key: &str, expected: impl Into<String>) -> ConfigFault {
    ConfigFault::Value {
        origin: merged.blame(key),
        key: key.into(),
        value: merged.find(key).map_or_else(|| "nothing".into(), value::text),
        expected: expected.into(),
    }
}

/// The fault of a missing key.
pub(super) fn missing(merged: &Merged, table: &str, key: &str) -> ConfigFault {
    ConfigFault::Missing {
        origin: merged.blame(table),
        key: format!("{table}.{key}"),
        hint: format!("give it in the table [{table}] or by --set {table}.{key}=..."),
    }
}

/// The fault of a value that parsed but that its component refuses.
pub(super) fn refused(merged: &Merged, section: &str, error: ConfigError) -> ConfigFault {
    let key = join(section, &error.key);
    let ConfigError { value, expected, .. } = error;
    ConfigFault::Value { origin: merged.blame(&key), key, value, expected }
}

/// The fault of a table that does not parse, without the parser's vocabulary.
pub(super) fn unreadable(merged: &Merged, section: &str, error: ParseError) -> ConfigFault {
    let ParseError { path, message, .. } = error;
    let mut key = join(section, &path);
    // Inside a tagged enum the parser knows the name of a field but not its place.
    let inside = |key: &mut String, field: &str| {
        if key.rsplit('.').next() != Some(field) {
            *key = join(key, field);
        }
    };
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (field, expected) = quoted(rest);
        inside(&mut key, &field);
        let hint = suggest::hint(&field, &expected);
        return ConfigFault::UnknownKey { origin: merged.blame(&key), key, hint };
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let (field, _) = quoted(rest);
        let table = key.strip_suffix(&format!(".{field}")).unwrap_or(&key);
        return missing(merged, table, &field);
    }
    let origin = merged.blame(&key);
    let value = merged.find(&key).map(value::text);
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let (name, expected) = quoted(rest);
        let one_of = expected.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ");
        let expected = match suggest::nearest(&name, &expected) {
            Some(near) => format!("{one_of}; did you mean {near:?}?"),
            None => one_of,
        };
        return ConfigFault::Value { origin, key, value: value.unwrap_or_else(|| format!("{name:?}")), expected };
    }
    if message.starts_with("invalid type: unit variant, expected ")
        && let Some((parent, variant)) = key.rsplit_once('.')
    {
        return ConfigFault::Value {
            origin: merged.blame(parent),
            key: parent.to_string(),
            value: format!("{variant:?}"),
            expected: format!("{{ {variant} = ... }}, since {variant:?} has options of its own"),
        };
    }
    let expectation = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|prefix| message.strip_prefix(prefix)?.rsplit_once(", expected "));
    match (expectation, value) {
        (Some((_, expected)), Some(value)) => {
            ConfigFault::Value { origin, key, value, expected: plain_words(expected) }
        }
        _ => ConfigFault::Other { origin, key, reason: message },
    }
}

/// The first name in backticks, and those after it.
fn quoted(text: &str) -> (String, Vec<String>) {
    let mut names = text.split('`').skip(1).step_by(2).map(str::to_string);
    (names.next().unwrap_or_default(), names.collect())
}

/// Translates what serde expected into words for the person who writes the file.
fn plain_words(expected: &str) -> String {
    match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" | "a nonzero usize" => "a whole number >= 0",
        "isize" | "i64" | "i32" | "i16" | "i8" => "a whole number",
        "f64" | "f32" => "a finite number",
        "a boolean" => "true or false",
        "a string" | "string" | "path string" => "a text in quotes",
        "a sequence" => "a list such as [64, 64]",
        "string or map" => "a name or a table",
        structure if structure.starts_with("struct ") || structure == "a map" => "a table",
        other => other,
    }
    .to_string()
}

fn join(table: &str, key: &str) -> String {
    match (table, key) {
        (table, "") => table.to_string(),
        ("", key) => key.to_string(),
        (table, key) if key.starts_with('[') => format!("{table}{key}"),
        (table, key) => format!("{table}.{key}"),
    }
}

/// JSON has no NaN and no infinity: they become texts, which no number parses from.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::String(_, text) => text.as_str().into(),
        Value::Char(_, letter) => letter.to_string().into(),
        Value::Bool(_, truth) => (*truth).into(),
        Value::Empty(..) => Json::Null,
        Value::Array(_, items) => items.iter().map(json).collect(),
        Value::Dict(_, dict) => Json::Object(dict.iter().map(|(key, value)| (key.clone(), json(value))).collect()),
        Value::Num(_, number) => match number.to_f64() {
            Some(float) => serde_json::Number::from_f64(float).map_or_else(|| float.to_string().into(), Json::Number),
            None => match (number.to_i128(), number.to_u128()) {
                (Some(integer), _) => i64::try_from(integer).map_or_else(|_| integer.to_string().into(), Json::from),
                (_, Some(integer)) => u64::try_from(integer).map_or_else(|_| integer.to_string().into(), Json::from),
                (None, None) => Json::Null,
            },
        },
    }
}
