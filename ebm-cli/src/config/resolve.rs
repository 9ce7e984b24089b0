//! From layers of values to a configuration that is known to be usable.

use ebm_core::error::ConfigError;
use ebm_core::registry::{self, ParseError, Registered};
use ebm_train::optim::OptimizerChoice;
use figment::value::Value;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::comparison::{COMPARE, Comparison};
use super::fault::ConfigFault;
use super::layers::{COMPONENTS, KIND, Layers, Merged};
use super::run_config::RunConfig;
use super::{earlier_releases, suggest, value};

/// The top-level keys that are no component.
const PLAIN: [&str; 6] = ["seed", "train", "evaluate", "checkpoint", "log", COMPARE];

/// A configuration that was checked, with the layers it was made from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The configuration.
    pub config: RunConfig,
    /// Where each value is from.
    pub merged: Merged,
}

impl Layers {
    /// Merges the layers, reads every section and checks every value.
    ///
    /// # Errors
    /// The first fault found, naming its source and key.
    pub fn resolve(self) -> Result<Resolved, ConfigFault> {
        let mut merged = self.merge();
        known_keys(&merged)?;
        earlier_releases::move_lambda(&mut merged)?;
        // One file serves single runs and comparisons, and is checked as strictly for either.
        Comparison::read(&merged)?;
        for player in ["train.energy.optimizer", "train.generator.optimizer"] {
            if let Some(given @ Value::Dict(..)) = merged.find(player) {
                optimizer(&merged, player, json(given))?;
            }
        }
        let config = RunConfig {
            seed: plain(&merged, "seed", |_| Ok(()))?,
            data: component(&merged, "data", <dyn registry::DatasetConfig>::check)?,
            generator: component(&merged, "generator", <dyn registry::GeneratorConfig>::check)?,
            energy: component(&merged, "energy", <dyn registry::EnergyConfig>::check)?,
            lower: component(&merged, "lower", <dyn registry::LowerBoundConfig>::check)?,
            upper: component(&merged, "upper", <dyn registry::UpperBoundConfig>::check)?,
            train: plain(&merged, "train", ebm_train::TrainConfig::check)?,
            evaluate: plain(&merged, "evaluate", ebm_eval::evaluate::EvaluateConfig::check)?,
            checkpoint: plain(&merged, "checkpoint", super::CheckpointConfig::check)?,
            log: plain(&merged, "log", |_| Ok(()))?,
        };
        for (bound, options) in [
            ("lower.optimizer", config.lower.optimizer()),
            ("upper.optimizer", config.upper.optimizer()),
        ] {
            if let Some(options) = options {
                optimizer(&merged, bound, Json::from(options.table().clone()))?;
            }
        }
        // Its keys carry their section.
        let fits = config.components().check();
        fits.map_err(|error| refused(&merged, "", error))?;
        Ok(Resolved { config, merged })
    }
}

impl Resolved {
    /// A fault that was found only when the parts of the configuration were put together. The error's key is relative to
    /// `section`, which may be empty.
    pub fn misfit(&self, section: &str, error: ConfigError) -> ConfigFault {
        refused(&self.merged, section, error)
    }
}

/// Refuses options of an optimiser that cannot be used, by their keys.
fn optimizer(merged: &Merged, section: &str, options: Json) -> Result<(), ConfigFault> {
    let Json::Object(table) = options else {
        return Ok(());
    };
    let read = OptimizerChoice::read(table).map_err(|error| unreadable(merged, section, error))?;
    read.check().map_err(|error| refused(merged, section, error))
}

fn known_keys(merged: &Merged) -> Result<(), ConfigFault> {
    let known: Vec<&str> = PLAIN
        .into_iter()
        .chain(COMPONENTS.map(|(section, _)| section))
        .collect();
    match merged.values().keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(ConfigFault::UnknownKey {
            origin: merged.blame(key),
            key: key.clone(),
            hint: suggest::hint(key, &known),
        }),
    }
}

/// Reads a section that is not registered by name.
fn plain<T: DeserializeOwned + Default>(
    merged: &Merged,
    section: &str,
    check: impl Fn(&T) -> Result<(), ConfigError>,
) -> Result<T, ConfigFault> {
    let read: T = match merged.values().get(section) {
        None => T::default(),
        Some(given) => registry::parse_as(json(given)).map_err(|error| unreadable(merged, section, error))?,
    };
    check(&read).map_err(|error| refused(merged, section, error))?;
    Ok(read)
}

/// Reads a section that holds a registered component.
fn component<C: Registered + ?Sized>(
    merged: &Merged,
    section: &str,
    check: impl Fn(&C) -> Result<(), ConfigError>,
) -> Result<Box<C>, ConfigFault> {
    let given = merged.values().get(section);
    let wrong = |key: &str, value: &Value, expected: &str| ConfigFault::Value {
        origin: merged.blame(key),
        key: key.to_string(),
        value: value::text(value),
        expected: expected.to_string(),
    };
    let table = match given {
        Some(Value::Dict(_, table)) => table,
        Some(other) => {
            return Err(wrong(
                section,
                other,
                &format!("the name of a {}, or a table with `kind`", C::KIND),
            ));
        }
        None => return Err(missing(merged, section, KIND)),
    };
    let key = format!("{section}.{KIND}");
    let name = match table.get(KIND) {
        Some(Value::String(_, name)) => name,
        Some(other) => return Err(wrong(&key, other, &format!("the name of a {}", C::KIND))),
        None => return Err(missing(merged, section, KIND)),
    };
    let descriptor = registry::find::<C>(name).ok_or_else(|| {
        let names: Vec<_> = registry::all::<C>().iter().map(|d| d.name).collect();
        ConfigFault::UnknownName {
            origin: merged.blame(&key),
            section: section.to_string(),
            name: name.clone(),
            kind: C::KIND,
            hint: suggest::hint(name, &names),
        }
    })?;
    let mut options = table.clone();
    options.remove(KIND);
    let read = (descriptor.parse)(json(&Value::from(options))).map_err(|error| unreadable(merged, section, error))?;
    check(&read).map_err(|error| refused(merged, section, error))?;
    Ok(read)
}

fn missing(merged: &Merged, table: &str, key: &str) -> ConfigFault {
    ConfigFault::Missing {
        origin: merged.blame(table),
        key: format!("{table}.{key}"),
        hint: format!("give it in the table [{table}] or by --set {table}.{key}=..."),
    }
}

/// A value that parsed but that its component refuses.
pub(super) fn refused(merged: &Merged, section: &str, error: ConfigError) -> ConfigFault {
    let key = join(section, &error.key);
    let ConfigError { value, expected, .. } = error;
    ConfigFault::Value {
        origin: merged.blame(&key),
        key,
        value,
        expected,
    }
}

/// A table that does not parse, told without the parser's vocabulary.
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
        return ConfigFault::UnknownKey {
            origin: merged.blame(&key),
            key,
            hint,
        };
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
        let one_of = expected
            .iter()
            .map(|name| format!("{name:?}"))
            .collect::<Vec<_>>()
            .join(" or ");
        let expected = match suggest::nearest(&name, &expected) {
            Some(near) => format!("{one_of}; did you mean {near:?}?"),
            None => one_of,
        };
        return ConfigFault::Value {
            origin,
            key,
            value: value.unwrap_or_else(|| format!("{name:?}")),
            expected,
        };
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
        (Some((_, expected)), Some(value)) => ConfigFault::Value {
            origin,
            key,
            value,
            expected: plain_words(expected),
        },
        _ => ConfigFault::Other {
            origin,
            key,
            reason: message,
        },
    }
}

/// The first name in backticks, and those after it.
fn quoted(text: &str) -> (String, Vec<String>) {
    let mut names = text.split('`').skip(1).step_by(2).map(str::to_string);
    (names.next().unwrap_or_default(), names.collect())
}

/// What a parser expects, in the words of the person who writes the file.
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
