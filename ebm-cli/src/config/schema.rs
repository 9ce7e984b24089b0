//! Reads the meaning, type and choices of an option from its JSON schema.

use serde_json::Value as Json;
use toml::{Table, Value};

use super::layers::KIND;

/// A place in a JSON schema.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    root: &'a Json,
    node: &'a Json,
}

/// A name an option may take.
#[derive(Clone, Copy)]
struct Choice<'a> {
    name: &'a str,
    /// The schema that describes it.
    schema: Option<Schema<'a>>,
    /// The options of a choice written `{ name = { ... } }`.
    inside: Option<Schema<'a>>,
}

impl<'a> Schema<'a> {
    /// The whole schema.
    pub fn new(root: &'a Json) -> Self {
        Self { root, node: root }
    }

    /// Another place in the same schema.
    fn at(self, node: &'a Json) -> Self {
        Self { root: self.root, node }
    }

    /// The options of a table, in the order they are declared.
    pub fn properties(self) -> Vec<(&'a str, Schema<'a>)> {
        let properties = self.target()["properties"].as_object().into_iter().flatten();
        properties.map(|(key, node)| (key.as_str(), self.at(node))).collect()
    }

    /// One option of a table.
    pub fn property(self, key: &str) -> Option<Schema<'a>> {
        self.target()["properties"].get(key).map(|node| self.at(node))
    }

    /// The options of the kind that a table names, or of the table itself.
    pub fn of_kind(self, table: &Table) -> Schema<'a> {
        let Some(kind) = table.get(KIND).and_then(Value::as_str) else { return self };
        let is_it = |s: &Schema<'a>| s.target()["properties"][KIND]["const"].as_str() == Some(kind);
        self.alternatives().into_iter().find(is_it).unwrap_or(self)
    }

    /// The meaning of the option, one line per paragraph. Stops at the first code block: examples are for Rust users.
    pub fn description(self) -> Option<String> {
        let own = self.node["description"].as_str().or_else(|| self.target()["description"].as_str())?;
        let words = own.split("```").next()?.trim_end();
        let paragraphs = words.split("\n\n").map(|p| p.split_whitespace().collect::<Vec<_>>().join(" "));
        Some(paragraphs.collect::<Vec<_>>().join("\n"))
    }

    /// The names that an option accepts, each with its meaning.
    pub fn choices(self) -> Vec<(String, Option<String>)> {
        let meaning = |choice: &Choice<'a>| {
            let words = choice.schema.and_then(Schema::description);
            let inside = choice.inside.map(|inner| inner.spelled_out(choice.name));
            match (words, inside) {
                (Some(words), Some(inside)) => Some(format!("{}. {inside}", words.trim_end_matches('.'))),
                (words, inside) => words.or(inside),
            }
        };
        let named = self.named().into_iter();
        named.map(|choice| (choice.name.to_string(), meaning(&choice))).collect()
    }

    /// The names without the meanings, which may in turn list choices like these: layers contain layers.
    fn named(self) -> Vec<Choice<'a>> {
        let own = self.target();
        let places: Vec<(&'a Json, Option<Schema<'a>>)> = match own["enum"].is_array() {
            true => vec![(own, None)],
            false => self.alternatives().into_iter().map(|s| (s.target(), Some(s))).collect(),
        };
        let choices = |(node, schema): (&'a Json, Option<Schema<'a>>)| {
            let choice = |name| Choice { name, schema, inside: None };
            let mut tags = node["properties"].as_object().into_iter().flatten();
            let tagged = tags.find_map(|(_, property)| property["const"].as_str());
            let wrapped = || node["required"].as_array().filter(|keys| keys.len() == 1)?[0].as_str();
            match (node["const"].as_str().or(tagged), wrapped()) {
                (Some(name), _) => vec![choice(name)],
                (None, Some(name)) => vec![Choice { inside: schema.and_then(|s| s.property(name)), ..choice(name) }],
                (None, None) => {
                    node["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).map(choice).collect()
                }
            }
        };
        places.into_iter().flat_map(choices).collect()
    }

    /// Describes how a choice with options of its own is written, and what these mean.
    fn spelled_out(self, name: &str) -> String {
        let properties = self.properties();
        if properties.is_empty() {
            return format!("Written {{ {name} = ... }} ({}).", self.type_name());
        }
        let keys: Vec<_> = properties.iter().map(|(key, _)| format!("{key} = ...")).collect();
        let option = |(key, property): &(&str, Schema<'_>)| {
            let words = property.description().unwrap_or_default().replace('\n', " ");
            format!("`{key}` ({}): {words}", property.type_name())
        };
        let (keys, options) = (keys.join(", "), properties.iter().map(option).collect::<Vec<_>>().join(" "));
        let text = format!("Written {{ {name} = {{ {keys} }} }}. {options}");
        text.trim_end().to_string()
    }

    /// The type in plain words.
    pub fn type_name(self) -> String {
        let choices = self.named();
        if !choices.is_empty() {
            // Alternatives without a name, such as a plain number beside a table.
            let plain = self.alternatives().into_iter().filter(|s| s.is_plain());
            let names = choices.into_iter().map(|choice| format!("\"{}\"", choice.name));
            let names: Vec<_> = plain.map(Schema::type_name).chain(names).collect();
            return names.join(" | ");
        }
        let node = self.target();
        let names: Vec<&str> = match &node["type"] {
            Json::String(name) => vec![name],
            Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
            _ => self.alternatives().iter().filter_map(|s| s.target()["type"].as_str()).collect(),
        };
        let names: Vec<&str> = names.into_iter().filter(|name| *name != "null").collect();
        let word = |name: &&str| match *name {
            "integer" if node["minimum"].as_f64() >= Some(0.0) => "whole number >= 0".to_string(),
            "integer" => "whole number".into(),
            "boolean" => "true | false".into(),
            "string" => "text".into(),
            "object" => "table".into(),
            "array" if node["items"].is_null() => "list".into(),
            "array" => format!("list of {}", self.at(&node["items"]).type_name()),
            other => other.into(),
        };
        if names.is_empty() { "any value".into() } else { names.iter().map(word).collect::<Vec<_>>().join(" or ") }
    }

    /// The node itself, behind references and the wrapping of optional values.
    fn target(self) -> &'a Json {
        let mut node = self.node;
        loop {
            let alternatives = node["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut present = alternatives.iter().filter(|a| a["type"].as_str() != Some("null"));
            let only = present.next().filter(|_| present.next().is_none());
            let single = node["allOf"].as_array().filter(|all| all.len() == 1).map(|all| &all[0]);
            let next = match node["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
                Some(path) => self.root.pointer(path),
                None => only.or(single),
            };
            match next {
                Some(next) => node = next,
                None => return node,
            }
        }
    }

    /// Whether this is a number, a truth value or any text, and has no name of its own.
    fn is_plain(self) -> bool {
        let node = self.target();
        let any = node["enum"].is_null() && node["const"].is_null();
        // A number that may change over the run has two types: it is a number, or a table that is read by hand.
        any && (node["type"].is_array() || node["type"].as_str().is_some_and(|name| name != "object" && name != "null"))
    }

    fn alternatives(self) -> Vec<Schema<'a>> {
        let node = self.target();
        let listed = node["oneOf"].as_array().or_else(|| node["anyOf"].as_array());
        listed.into_iter().flatten().map(|node| self.at(node)).collect()
    }
}

#[cfg(test)]
#[allow(dead_code)]
mod tests {
    use super::*;
    use schemars::JsonSchema;

    /// What users read.
    ///
    /// And more of it.
    ///
    /// ```
    /// // What they do not.
    /// ```
    #[derive(JsonSchema)]
    struct Options {
        /// How many,
        /// exactly.
        count: usize,
        /// The weights.
        weights: Vec<f64>,
        /// If wanted.
        limit: Option<f64>,
        mode: Mode,
        /// Its own words.
        inner: Inner,
        solver: Solver,
        level: Level,
        /// What grows.
        trees: Vec<Tree>,
    }

    /// How to go about it.
    #[derive(JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Mode {
        /// With haste.
        Fast,
        /// With care.
        VerySlow,
    }

    /// Said by the type.
    #[derive(JsonSchema)]
    struct Inner {
        /// Deep.
        value: bool,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "kind", rename_all = "kebab-case")]
    enum Solver {
        /// Exact.
        Exact,
        /// In steps.
        Iterative {
            /// How many.
            steps: usize,
        },
    }

    #[derive(JsonSchema)]
    #[serde(untagged)]
    enum Level {
        /// This one.
        Fixed(f64),
        /// To be found.
        Learned { learned: Inner },
    }

    #[derive(JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Tree {
        /// The end.
        Leaf,
        /// More of them.
        Branch {
            /// Of all kinds.
            parts: Vec<Tree>,
        },
    }

    #[test]
    fn a_derived_schema_is_read_back_in_plain_words() {
        let root = schemars::schema_for!(Options).to_value();
        let schema = Schema::new(&root);
        let property = |key: &str| schema.property(key).unwrap();
        assert_eq!(schema.description().as_deref(), Some("What users read.\nAnd more of it."));
        assert_eq!(schema.properties()[0].0, "count");
        for (key, type_name, meaning) in [
            ("count", "whole number >= 0", Some("How many, exactly.")),
            ("weights", "list of number", Some("The weights.")),
            ("limit", "number", Some("If wanted.")),
            ("mode", "\"fast\" | \"very-slow\"", Some("How to go about it.")),
            ("inner", "table", Some("Its own words.")),
            ("solver", "\"exact\" | \"iterative\"", None),
            ("level", "number | \"learned\"", None),
            ("trees", "list of \"leaf\" | \"branch\"", Some("What grows.")),
        ] {
            let told = (property(key).type_name(), property(key).description());
            assert_eq!((told.0.as_str(), told.1.as_deref()), (type_name, meaning), "{key}");
        }
        let found = "To be found. Written { learned = { value = ... } }. `value` (true | false): Deep.";
        let branch = "More of them. Written { branch = { parts = ... } }. `parts` (list of \"leaf\" | \"branch\"): Of all kinds.";
        let tree = schema.at(&root["properties"]["trees"]["items"]);
        for (schema, place, name, meaning) in [
            (property("mode"), 1, "very-slow", "With care."),
            (property("level"), 0, "learned", found),
            (tree, 0, "leaf", "The end."),
            (tree, 1, "branch", branch),
        ] {
            assert_eq!(schema.choices()[place], (name.to_string(), Some(meaning.to_string())));
        }
        let deep = property("inner").property("value").unwrap();
        assert_eq!(deep.description().as_deref(), Some("Deep."));
        let iterative = property("solver").of_kind(&"kind = \"iterative\"".parse().unwrap());
        assert_eq!(iterative.property("steps").unwrap().type_name(), "whole number >= 0");
    }
}
