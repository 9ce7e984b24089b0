use serde_json::{Map, Value, json};

use super::runner::caught;
use super::subject::{Config, Subject, Table};

/// A configuration, and what it differs from the example in.
pub(super) struct Variant {
    /// The choice that makes it, such as `estimator.nwj`; `example` for the example itself.
    pub name: String,
    pub config: Config,
}

impl Variant {
    /// Whether the choice is one of a table within the options, such as a network's.
    pub fn is_nested(&self) -> bool {
        self.name.matches('.').count() > 1
    }
}

/// A choice that an option offers by name, and the option's value then.
#[derive(Debug, PartialEq)]
struct Choice {
    name: String,
    value: Value,
}

/// An option that offers choices.
struct Place {
    path: Vec<String>,
    choices: Vec<Choice>,
}

/// The example and a configuration for every other choice that an option of the schema offers by name, in the tables within the
/// options too.
///
/// A choice that the bound refuses beside the rest of the example is tried with one other option changed: to each of its choices,
/// or a number to 0.
pub(super) fn variants(subject: &Subject) -> Vec<Variant> {
    let mut all = vec![Variant { name: "example".into(), config: subject.example() }];
    let Ok(Value::Object(table)) = subject.example().table() else {
        return all;
    };
    let schema = subject.schema();
    let mut places = Vec::new();
    find_places(&schema, &schema, &table, &mut Vec::new(), &mut places);
    for place in &places {
        let present = place
            .path
            .split_first()
            .and_then(|(first, rest)| rest.iter().try_fold(table.get(first)?, |at, key| at.get(key)));
        for choice in place.choices.iter().filter(|choice| Some(&choice.value) != present) {
            let changed = with(&table, &place.path, &choice.value);
            let alone = accepted(subject, changed.clone());
            let beside = || {
                companions(&table, &places, place)
                    .find_map(|(path, value)| accepted(subject, with(&changed, &path, &value)))
            };
            if let Some(config) = alone.or_else(beside) {
                all.push(Variant { name: format!("{}.{}", place.path.join("."), choice.name), config });
            }
        }
    }
    all
}

/// The configuration of a table, if the bound accepts it.
fn accepted(subject: &Subject, table: Table) -> Option<Config> {
    caught(|| subject.parse(table).ok().filter(|config| config.check().is_ok())).ok().flatten()
}

/// The table with one value changed.
fn with(table: &Table, path: &[String], value: &Value) -> Table {
    let mut changed = table.clone();
    match path {
        [] => {}
        [key] => {
            changed.insert(key.clone(), value.clone());
        }
        [key, rest @ ..] => {
            if let Some(Value::Object(inner)) = table.get(key) {
                changed.insert(key.clone(), Value::Object(with(inner, rest, value)));
            }
        }
    }
    changed
}

/// Changes of one other option.
fn companions<'a>(
    table: &'a Table,
    places: &'a [Place],
    of: &'a Place,
) -> impl Iterator<Item = (Vec<String>, Value)> + 'a {
    let others = places.iter().filter(move |place| place.path != of.path);
    let choices =
        others.flat_map(|place| place.choices.iter().map(move |choice| (place.path.clone(), choice.value.clone())));
    let numbers = table.iter().filter(|(_, value)| value.is_number());
    let integral = |value: &Value| if value.is_f64() { json!(0.0) } else { json!(0) };
    numbers.map(move |(key, value)| (vec![key.clone()], integral(value))).chain(choices)
}

/// Finds the options of a table that offer choices, and those of the tables within it.
fn find_places(root: &Value, schema: &Value, table: &Table, path: &mut Vec<String>, found: &mut Vec<Place>) {
    let Some(properties) = resolved(root, schema).get("properties").and_then(Value::as_object) else {
        return;
    };
    for (key, property) in properties {
        path.push(key.clone());
        let choices = choices(root, property, 0);
        if !choices.is_empty() {
            found.push(Place { path: path.clone(), choices });
        } else if let Some(Value::Object(inner)) = table.get(key)
            && path.len() < 4
        {
            find_places(root, property, inner, path, found);
        }
        path.pop();
    }
}

/// What a schema stands for, where it only refers to another one.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    // A schema may refer to itself.
    for _ in 0..8 {
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|at| root.pointer(at.strip_prefix('#')?));
        let only = schema.get("allOf").and_then(Value::as_array).and_then(|parts| parts.first());
        match target.or(only) {
            Some(next) => schema = next,
            None => break,
        }
    }
    schema
}

/// The choices that a schema offers by name: words, and tables of one key.
fn choices(root: &Value, schema: &Value, depth: usize) -> Vec<Choice> {
    if depth > 8 {
        return Vec::new();
    }
    let schema = resolved(root, schema);
    let mut found = Vec::new();
    let only = schema.get("const").into_iter();
    let words = only.chain(schema.get("enum").and_then(Value::as_array).into_iter().flatten());
    found.extend(words.filter_map(|word| Some(Choice { name: word.as_str()?.into(), value: word.clone() })));
    if let Some([only]) = schema.get("required").and_then(Value::as_array).map(Vec::as_slice)
        && let Some(name) = only.as_str()
        && depth > 0
    {
        let inner = schema.get("properties").and_then(|properties| properties.get(name));
        let inner = inner.map_or_else(|| json!({}), |inner| filled(root, inner));
        found.push(Choice { name: name.into(), value: Value::Object(Map::from_iter([(name.to_string(), inner)])) });
    }
    for key in ["oneOf", "anyOf"] {
        let parts = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        found.extend(parts.flat_map(|part| choices(root, part, depth + 1)));
    }
    found
}

/// A value of a schema: a number is 2, a table has what it must have.
fn filled(root: &Value, schema: &Value) -> Value {
    let schema = resolved(root, schema);
    if schema.get("type").is_some_and(|kind| kind == "number" || kind == "integer") {
        return json!(2);
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let value = |name: &str| match schema.get("properties").and_then(|properties| properties.get(name)) {
        Some(inner) => inner.get("default").cloned().unwrap_or_else(|| filled(root, inner)),
        None => Value::Null,
    };
    Value::Object(required.map(|name| (name.to_string(), value(name))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_words_and_tables_with_what_they_must_have() {
        let schema = json!({
            "$defs": {
                "Norm": { "oneOf": [
                    { "const": "squared" },
                    { "enum": ["euclidean", "largest"] },
                    { "required": ["p"], "properties": { "p": { "type": "number" } } },
                    { "required": ["power"], "properties": { "power": {
                        "required": ["scale"],
                        "properties": { "scale": { "type": "number" }, "offset": { "type": "number", "default": 1.0 } },
                    } } },
                ] },
                "Net": { "properties": { "init": { "enum": ["uniform", "normal"] } } },
            },
            "properties": { "norm": { "$ref": "#/$defs/Norm" }, "net": { "$ref": "#/$defs/Net" }, "n": { "type": "integer" } },
        });
        let table = json!({ "norm": "squared", "net": { "init": "uniform" }, "n": 1 });
        let Value::Object(table) = table else { panic!("{table}") };
        let mut places = Vec::new();
        find_places(&schema, &schema, &table, &mut Vec::new(), &mut places);
        let found: Vec<_> = places.iter().map(|place| (place.path.join("."), place.choices.len())).collect();
        assert!(found.contains(&("norm".into(), 5)) && found.contains(&("net.init".into(), 2)), "{found:?}");
        let norm = places.iter().find(|place| place.path == ["norm"]).unwrap();
        let values: Vec<_> = norm.choices.iter().map(|choice| choice.value.clone()).collect();
        assert_eq!(values[3], json!({ "p": 2 }));
        assert_eq!(values[4], json!({ "power": { "scale": 2 } }));
        let changed = with(&table, &["net".into(), "init".into()], &json!("normal"));
        assert_eq!(Value::Object(changed), json!({ "norm": "squared", "net": { "init": "normal" }, "n": 1 }));
    }
}
