use serde_json::{Map, Value};

use super::runner::caught;
use super::subject::{Config, Subject};

/// A configuration, and what it differs from the example in.
pub(super) struct Variant {
    /// Such as `estimator = "nwj"`; `example` for the example itself.
    pub label: String,
    pub config: Config,
}

/// The example and every configuration that differs from it in one option that is a choice between words, as far as the
/// bound accepts it.
pub(super) fn variants(subject: &Subject) -> Vec<Variant> {
    let mut all = vec![Variant { label: "example".into(), config: subject.example() }];
    let Ok(Value::Object(table)) = subject.example().table() else {
        return all;
    };
    let schema = subject.schema();
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return all;
    };
    for (key, property) in properties {
        for choice in choices(&schema, property, 0) {
            if table.get(key) == Some(&choice) {
                continue;
            }
            let mut changed = table.clone();
            changed.insert(key.clone(), choice.clone());
            let accepted = caught(|| subject.parse(changed).ok().filter(|config| config.check().is_ok()));
            if let Ok(Some(config)) = accepted {
                all.push(Variant { label: format!("{key} = {choice}"), config });
            }
        }
    }
    all
}

/// The values that a schema offers by name: words, and tables whose every option has a default.
fn choices(root: &Value, schema: &Value, depth: usize) -> Vec<Value> {
    // A schema may refer to itself.
    if depth > 8 {
        return Vec::new();
    }
    if let Some(at) = schema.get("$ref").and_then(Value::as_str) {
        let target = at.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or(Vec::new(), |target| choices(root, target, depth + 1));
    }
    let mut found = Vec::new();
    found.extend(schema.get("const").filter(|value| value.is_string()).cloned());
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    found.extend(words.filter(|value| value.is_string()).cloned());
    if let Some([only]) = schema.get("required").and_then(Value::as_array).map(Vec::as_slice)
        && let Some(name) = only.as_str()
        && depth > 0
    {
        let empty = Value::Object(Map::new());
        found.push(Value::Object(Map::from_iter([(name.to_string(), empty)])));
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        let parts = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        found.extend(parts.flat_map(|part| choices(root, part, depth + 1)));
    }
    found
}
