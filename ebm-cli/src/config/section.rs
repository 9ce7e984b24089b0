//! Reads the sections of a configuration, and reports what is wrong with one: its source, its key, its value.

use ebm_core::error::ConfigError;
use ebm_core::registry::{self, ParseError, Registered};
use figment::value::{Dict, Value};
use serde_json::{Number, Value as Json};
use std::fmt::Display;

use super::layers::{KIND, Merged};
use super::{fault::ConfigFault, shortened::shortened, suggest, value};

impl Merged {
    /// Reads a table that holds a registered component, which is a `kind` where the table names none; its kind and itself.
    pub(super) fn component<C: Registered + ?Sized>(
        &self,
        section: &str,
        table: &Dict,
        kind: Option<&str>,
    ) -> Result<(String, Box<C>), ConfigFault> {
        let key = format!("{section}.{KIND}");
        let name = match (table.get(KIND), kind) {
            (Some(Value::String(_, name)), _) => name,
            (Some(_), _) => return Err(self.wrong(&key, format!("the name of a {}", C::KIND))),
            (None, Some(kind)) => kind,
            (None, None) => return Err(self.missing(section, KIND)),
        };
        let descriptor = registry::find::<C>(name).ok_or_else(|| {
            let names: Vec<_> = registry::all::<C>().iter().map(|d| d.name).collect();
            let (kind, hint) = (C::KIND, suggest::hint(name, &names));
            let name = shortened(name);
            let reason = format!("{section} = {name:?}: there is no {kind} of this name; {hint}");
            ConfigFault::new(self.blame(&key), reason)
        })?;
        let mut options = table.clone();
        options.remove(KIND);
        let read = (descriptor.parse)(json(&options.into())).map_err(|error| self.unreadable(section, error))?;
        Ok((name.to_string(), read))
    }

    /// Refuses a table with a key that is not one of `known`. `path`: the table's own key, empty for the whole configuration.
    pub(super) fn only_known(&self, path: &str, table: &Dict, known: &[&str]) -> Result<(), ConfigFault> {
        match table.keys().find(|key| !known.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(self.unknown_key(&join(path, key), key, known)),
        }
    }

    /// The fault of a key, dotted from the top.
    pub(super) fn fault(&self, key: &str, reason: impl Display) -> ConfigFault {
        ConfigFault::new(self.blame(key), format!("{}: {reason}", shortened(key)))
    }

    /// The fault of a key whose value is not what was expected.
    pub(super) fn wrong(&self, key: &str, expected: impl Display) -> ConfigFault {
        self.wrong_value(key, self.find(key).map_or_else(|| "nothing".into(), value::text), expected)
    }

    /// The same, with the value as it was read.
    pub(super) fn wrong_value(&self, key: &str, value: impl Display, expected: impl Display) -> ConfigFault {
        let (value, quoted) = (value.to_string(), shortened(key));
        ConfigFault::new(self.blame(key), format!("{quoted} = {}: expected {expected}", shortened(&value)))
    }

    fn unknown_key<S: AsRef<str>>(&self, key: &str, name: &str, known: &[S]) -> ConfigFault {
        self.fault(key, format!("unknown key; {}", suggest::hint(name, known)))
    }

    /// The fault of a missing key.
    fn missing(&self, table: &str, key: &str) -> ConfigFault {
        let reason = format!("{table}.{key}: missing; give it in the table [{table}] or by --set {table}.{key}=...");
        ConfigFault::new(self.blame(table), reason)
    }

    /// The fault of a value that parsed but that its component refuses.
    pub(super) fn refused(&self, section: &str, error: ConfigError) -> ConfigFault {
        self.wrong_value(&join(section, &error.key), error.value, error.expected)
    }

    /// The fault of a table that does not parse, without the parser's vocabulary.
    pub(super) fn unreadable(&self, section: &str, error: ParseError) -> ConfigFault {
        let ParseError { path, message, .. } = error;
        let mut key = join(section, &path);
        if let Some(rest) = message.strip_prefix("unknown field ") {
            let (field, expected) = quoted(rest);
            // Inside a tagged enum the parser knows the name of a field but not its place.
            if key.rsplit('.').next() != Some(&*field) {
                key = join(&key, &field);
            }
            return self.unknown_key(&key, &field, &expected);
        }
        if let Some(rest) = message.strip_prefix("missing field ") {
            let (field, _) = quoted(rest);
            return self.missing(key.strip_suffix(&format!(".{field}")).unwrap_or(&key), &field);
        }
        let value = self.find(&key).map(value::text);
        if let Some(rest) = message.strip_prefix("unknown variant ") {
            let (name, expected) = quoted(rest);
            let mut one_of = expected.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(" or ");
            if let Some(near) = suggest::nearest(&name, &expected) {
                one_of += &format!("; did you mean {near:?}?");
            }
            return self.wrong_value(&key, value.unwrap_or_else(|| format!("{name:?}")), one_of);
        }
        if message.starts_with("invalid type: unit variant, expected ")
            && let Some((parent, variant)) = key.rsplit_once('.')
        {
            let expected = format!("{{ {variant} = ... }}, since {variant:?} has options of its own");
            return self.wrong_value(parent, format!("{variant:?}"), expected);
        }
        let expectation = ["invalid type: ", "invalid value: ", "invalid length "]
            .iter()
            .find_map(|prefix| message.strip_prefix(prefix)?.rsplit_once(", expected "));
        match (expectation, value) {
            (Some((_, expected)), Some(value)) => self.wrong_value(&key, value, plain_words(expected)),
            _ => self.fault(&key, message),
        }
    }
}

/// The first name in backticks, and those after it.
fn quoted(text: &str) -> (String, Vec<String>) {
    let mut names = text.split('`').skip(1).step_by(2).map(str::to_string);
    (names.next().unwrap_or_default(), names.collect())
}

/// Translates what serde expected into words for the person who writes the file.
fn plain_words(expected: &str) -> &str {
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
}

/// The key of an entry of a table, dotted from the top.
pub(super) fn join(table: &str, key: &str) -> String {
    match (table, key) {
        (table, "") => table.to_string(),
        ("", key) => key.to_string(),
        (table, key) if key.starts_with('[') => format!("{table}{key}"),
        (table, key) => format!("{table}.{key}"),
    }
}

/// JSON has no NaN and no infinity: they become texts, which no number parses from.
pub(super) fn json(given: &Value) -> Json {
    match given {
        Value::String(_, text) => text.as_str().into(),
        Value::Char(_, letter) => letter.to_string().into(),
        Value::Bool(_, truth) => (*truth).into(),
        Value::Empty(..) => Json::Null,
        Value::Array(_, items) => items.iter().map(json).collect(),
        Value::Dict(_, dict) => Json::Object(dict.iter().map(|(key, value)| (key.clone(), json(value))).collect()),
        Value::Num(_, number) => {
            let whole = || number.to_i128().and_then(Number::from_i128);
            let unsigned = || number.to_u128().and_then(Number::from_u128);
            let found = number.to_f64().and_then(Number::from_f64).or_else(whole).or_else(unsigned);
            found.map_or_else(|| value::text(given).into(), Json::Number)
        }
    }
}
