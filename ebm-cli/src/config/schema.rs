//! Reads the meaning, type and choices of an option from its JSON schema.

use serde_json::Value as Json;

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

    /// The options of the alternative that a tagged value takes, or of the table itself.
    pub fn chosen(self, tag: &str, name: &str) -> Schema<'a> {
        let matches = |s: &Schema<'a>| s.target()["properties"][tag]["const"].as_str() == Some(name);
        self.alternatives().into_iter().find(matches).unwrap_or(self)
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
        let listed = |node: &'a Json, schema: Option<Schema<'a>>| -> Vec<Choice<'a>> {
            let names = node["enum"].as_array().into_iter().flatten().filter_map(Json::as_str);
            let inside = None;
            names.map(|name| Choice { name, schema, inside }).collect()
        };
        let own = self.target();
        if own["enum"].is_array() {
            return listed(own, None);
        }
        let choices = |s: Schema<'a>| {
            let node = s.target();
            let mut tags = node["properties"].as_object().into_iter().flatten();
            let tagged = tags.find_map(|(_, property)| property["const"].as_str());
            let wrapped = || node["required"].as_array().filter(|keys| keys.len() == 1)?[0].as_str();
            let schema = Some(s);
            match (node["const"].as_str().or(tagged), wrapped()) {
                (Some(name), _) => vec![Choice { name, schema, inside: None }],
                (None, Some(name)) => vec![Choice { name, schema, inside: s.property(name) }],
                (None, None) => listed(node, schema),
            }
        };
        self.alternatives().into_iter().flat_map(choices).collect()
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
        match names.is_empty() {
            true => "any value".into(),
            false => names.iter().map(word).collect::<Vec<_>>().join(" or "),
        }
    }

    /// The node itself, behind references and the wrapping of optional values.
    fn target(self) -> &'a Json {
        let mut node = self.node;
        loop {
            let alternatives = node["anyOf"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut present = alternatives.iter().filter(|a| a["type"].as_str() != Some("null"));
            let only = match (present.next(), present.next()) {
                (Some(one), None) => Some(one),
                _ => None,
            };
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

    /// Whether this is a number, a truth value or any text.
    fn is_plain(self) -> bool {
        let node = self.target();
        let any = node["enum"].is_null() && node["const"].is_null();
        any && node["type"].as_str().is_some_and(|name| name != "object" && name != "null")
    }

    fn alternatives(self) -> Vec<Schema<'a>> {
        let node = self.target();
        let listed = node["oneOf"].as_array().or_else(|| node["anyOf"].as_array());
        listed.into_iter().flatten().map(|node| self.at(node)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::JsonSchema;
    use serde::Serialize;

    /// A table.
    #[derive(Serialize, JsonSchema)]
    #[allow(dead_code)]
    struct Table {
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
        search: Search,
        level: Level,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Level {
        /// This one.
        Fixed(f64),
        /// To be found.
        Learned { learned: Inner },
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    #[allow(dead_code)]
    enum Search {
        /// All of it.
        Whole,
        /// A part.
        Part {
            /// Which share.
            share: f64,
        },
    }

    /// How to go about it.
    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    #[allow(dead_code)]
    enum Mode {
        /// With haste.
        Fast,
        /// With care.
        VerySlow,
    }

    /// Said by the type.
    #[derive(Serialize, JsonSchema)]
    #[allow(dead_code)]
    struct Inner {
        /// Deep.
        value: bool,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "kebab-case")]
    #[allow(dead_code)]
    enum Solver {
        /// Exact.
        Exact,
        /// In steps.
        Iterative {
            /// How many.
            steps: usize,
        },
    }

    #[test]
    fn a_derived_schema_is_read_back_in_plain_words() {
        let root = schemars::schema_for!(Table).to_value();
        let schema = Schema::new(&root);
        let said = |key: &str| {
            let property = schema.property(key).unwrap();
            (property.type_name(), property.description())
        };
        let some = |text: &str| Some(text.to_string());
        assert_eq!(said("count"), ("whole number >= 0".into(), some("How many, exactly.")));
        assert_eq!(said("weights"), ("list of number".into(), some("The weights.")));
        assert_eq!(said("limit"), ("number".into(), some("If wanted.")));
        let modes = "\"fast\" | \"very-slow\"";
        assert_eq!(said("mode"), (modes.into(), some("How to go about it.")));
        assert_eq!(said("inner"), ("table".into(), some("Its own words.")));
        assert_eq!(said("solver").0, "\"exact\" | \"iterative\"");
        let choices = schema.property("mode").unwrap().choices();
        assert_eq!(choices[1], ("very-slow".to_string(), some("With care.")));
        let part = "A part. Written { part = { share = ... } }. `share` (number): Which share.";
        let choices = schema.property("search").unwrap().choices();
        assert_eq!(choices[0], ("whole".to_string(), some("All of it.")));
        assert_eq!(choices[1], ("part".to_string(), some(part)));
        assert_eq!(said("level").0, "number | \"learned\"");
        let found = "To be found. Written { learned = { value = ... } }. `value` (true | false): Deep.";
        let choices = schema.property("level").unwrap().choices();
        assert_eq!(choices, [("learned".to_string(), some(found))]);
        let deep = schema.property("inner").unwrap().property("value").unwrap();
        assert_eq!(deep.description(), some("Deep."));
        let iterative = schema.property("solver").unwrap().chosen("kind", "iterative");
        assert_eq!(iterative.property("steps").unwrap().type_name(), "whole number >= 0");
        assert_eq!(schema.properties()[0].0, "count");
    }

    /// What users read.
    ///
    /// And more of it.
    ///
    /// ```
    /// // What they do not.
    /// ```
    #[derive(Serialize, JsonSchema)]
    #[allow(dead_code)]
    struct Forest {
        /// What grows.
        trees: Vec<Tree>,
    }

    #[derive(Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    #[allow(dead_code)]
    enum Tree {
        /// The end.
        Leaf {
            /// How large.
            size: usize,
        },
        /// More of them.
        Branch {
            /// Of all kinds.
            parts: Vec<Tree>,
        },
    }

    #[test]
    fn what_contains_itself_is_told_once_and_without_its_example() {
        let root = schemars::schema_for!(Forest).to_value();
        let words = Schema::new(&root).description();
        assert_eq!(words.as_deref(), Some("What users read.\nAnd more of it."));
        let trees = Schema::new(&root).property("trees").unwrap();
        assert_eq!(trees.type_name(), "list of \"leaf\" | \"branch\"");
        let choices = trees.at(&root["properties"]["trees"]["items"]).choices();
        let branch = "More of them. Written { branch = { parts = ... } }. `parts` (list of \"leaf\" | \"branch\"): Of all kinds.";
        assert_eq!(choices[1], ("branch".to_string(), Some(branch.to_string())));
    }
}
