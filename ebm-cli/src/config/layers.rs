//! The sources of a configuration, one above the other: defaults < file < environment < `--set`.

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::fault::ConfigFault;
use super::origin::Origin;
use super::value;

/// Prefix of the environment variables that set configuration values.
pub const PREFIX: &str = "EBM_";

/// The sections that hold a registered component, each with the default component.
pub const COMPONENTS: [(&str, &str); 5] =
    [("data", "25-gaussians"), ("generator", "mlp"), ("energy", "mlp"), ("lower", "sv"), ("upper", "gp")];

/// The tables of the optimisers of the players. One that does not name its kind is Adam's, as are those of bounds.
const OPTIMIZERS: [[&str; 3]; 2] = [["train", "energy", "optimizer"], ["train", "generator", "optimizer"]];

/// The key that names a component.
pub const KIND: &str = "kind";

/// One source of values.
#[derive(Clone, Debug)]
struct Layer {
    origin: Origin,
    values: Dict,
}

/// A layer as figment merges it: its name is its number.
struct Numbered(usize, Dict);

impl Provider for Numbered {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.0.to_string())
    }
    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.1.clone()))
    }
}

/// Sources of values, lowest first.
#[derive(Clone, Debug)]
pub struct Layers(Vec<Layer>);

impl Default for Layers {
    /// The names of the default components; their options get their defaults when they are parsed.
    fn default() -> Self {
        let kind = |kind: &str| Value::from(Dict::from([(KIND.to_string(), Value::from(kind))]));
        let values = COMPONENTS.map(|(section, name)| (section.to_string(), kind(name)));
        Self::alone(Origin::Default, Dict::from(values))
    }
}

impl Layers {
    /// Adds a TOML file above.
    pub fn file(self, path: &Path) -> Result<Self, ConfigFault> {
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigFault::Unreadable { path: path.display().to_string(), reason: error.to_string() })?;
        self.toml(Origin::File(path.to_path_buf()), &text)
    }

    /// Adds the text of a TOML file above.
    pub fn toml(self, origin: Origin, text: &str) -> Result<Self, ConfigFault> {
        let table = Self::table(&origin, text)?;
        Ok(self.above(origin, value::of_table(table)))
    }

    /// Reads the text of a TOML file.
    pub(super) fn table(origin: &Origin, text: &str) -> Result<toml::Table, ConfigFault> {
        text.parse().map_err(|error: toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = &text.as_bytes()[..offset];
            ConfigFault::Syntax {
                path: origin.to_string(),
                line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
                column: 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count(),
                reason: error.message().trim().replace('\n', ", "),
            }
        })
    }

    /// One source with nothing below it, not even defaults, for a file that is not the configuration of a run.
    pub(super) fn alone(origin: Origin, values: Dict) -> Self {
        Self(vec![Layer { origin, values }])
    }

    /// Adds the variables that start with [`PREFIX`] above; two underscores stand for a dot.
    pub fn environment(self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let own = variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX));
        let mut variables: Vec<_> = own.collect();
        // The order of the environment is arbitrary; a table comes before its keys.
        variables.sort();
        variables.into_iter().fold(self, |layers, (name, text)| {
            let key = name[PREFIX.len()..].to_lowercase().replace("__", ".");
            layers.nested(Origin::Environment(name), &key, &text)
        })
    }

    /// Adds assignments `a.b=value` above, each above the one before.
    pub fn sets(mut self, assignments: &[String]) -> Result<Self, ConfigFault> {
        for text in assignments {
            let fault = || ConfigFault::Assignment { text: text.clone() };
            let (key, value) = text.split_once('=').ok_or_else(fault)?;
            let key = key.trim();
            if key.split('.').any(str::is_empty) {
                return Err(fault());
            }
            self = self.nested(Origin::Set(text.clone()), key, value);
        }
        Ok(self)
    }

    fn nested(self, origin: Origin, key: &str, text: &str) -> Self {
        match figment::util::nest(key, value::parse(text)) {
            Value::Dict(_, values) => self.above(origin, values),
            // The variable is the bare prefix; it names no key.
            other => self.above(origin, Dict::from([(key.to_string(), other)])),
        }
    }

    /// Adds values above. Where they name another kind, the options of the kind below are dropped.
    pub(super) fn above(mut self, origin: Origin, mut values: Dict) -> Self {
        for (section, _) in COMPONENTS {
            if let Some(Value::String(_, name)) = values.get(section) {
                let table = Dict::from([(KIND.to_string(), Value::from(name.clone()))]);
                values.insert(section.to_string(), Value::from(table));
                self.forget(&[section]);
            }
        }
        for path in OPTIMIZERS {
            let [train, player, optimizer] = path;
            let Some(Value::Dict(_, players)) = values.get_mut(train) else {
                continue;
            };
            let Some(Value::Dict(_, options)) = players.get_mut(player) else {
                continue;
            };
            if let Some(given @ Value::String(..)) = options.get_mut(optimizer) {
                *given = Value::from(Dict::from([(KIND.to_string(), given.clone())]));
                self.forget(&path);
            }
        }
        for (key, value) in &values {
            self.forget_other_kinds(&mut vec![key.as_str()], value);
        }
        self.0.push(Layer { origin, values });
        self
    }

    /// Drops the values of the layers so far for every table that `value`, which is at `path`, gives another kind.
    fn forget_other_kinds<'a>(&mut self, path: &mut Vec<&'a str>, value: &'a Value) {
        let Value::Dict(_, table) = value else { return };
        let kind = table.get(KIND).and_then(Value::as_str);
        let default = path.ends_with(&["optimizer"]).then_some("adam");
        if kind.is_some_and(|kind| self.kind(path).or(default).is_some_and(|below| below != kind)) {
            self.forget(path);
        }
        for (key, inner) in table {
            path.push(key);
            self.forget_other_kinds(path, inner);
            path.pop();
        }
    }

    /// The kind that the layers so far give the table at `path`.
    fn kind(&self, path: &[&str]) -> Option<&str> {
        self.0.iter().rev().find_map(|layer| {
            let mut keys = path.iter();
            let table = keys.try_fold(&layer.values, |dict, key| dict.get(*key)?.as_dict())?;
            table.get(KIND)?.as_str()
        })
    }

    /// Drops the values of the layers so far for the table at `path`: options of one kind mean nothing to another.
    fn forget(&mut self, path: &[&str]) {
        fn remove(dict: &mut Dict, path: &[&str]) {
            match path {
                [] => {}
                [last] => drop(dict.remove(*last)),
                [first, rest @ ..] => {
                    if let Some(Value::Dict(_, inner)) = dict.get_mut(*first) {
                        remove(inner, rest);
                    }
                }
            }
        }
        self.0.iter_mut().for_each(|layer| remove(&mut layer.values, path));
    }

    /// Merges the layers.
    pub fn merge(self) -> Merged {
        let (origins, values): (Vec<_>, Vec<_>) = self.0.into_iter().map(|layer| (layer.origin, layer.values)).unzip();
        let numbered = values.into_iter().enumerate();
        let figment = numbered.fold(Figment::new(), |below, (index, values)| below.merge(Numbered(index, values)));
        let values = figment.data().ok().and_then(|mut profiles| profiles.remove(&Profile::Default));
        Merged { values: values.unwrap_or_default(), figment, origins }
    }
}

/// The process's environment, as far as it is text.
pub(super) fn environment() -> Vec<(String, String)> {
    let text = |(name, text): (OsString, OsString)| Some((name.into_string().ok()?, text.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// The values of all layers, each with its source.
#[derive(Clone, Debug)]
pub struct Merged {
    figment: Figment,
    values: Dict,
    /// The sources of the layers.
    origins: Vec<Origin>,
}

impl Merged {
    /// Moves the value at `from`, a table and a key, to `to`, unless there is one.
    pub(super) fn move_value(&mut self, from: [&str; 2], to: [&str; 2]) {
        let Some(Value::Dict(_, table)) = self.values.get_mut(from[0]) else {
            return;
        };
        let Some(value) = table.remove(from[1]) else {
            return;
        };
        let table = self.values.entry(to[0].to_string()).or_insert_with(|| Value::from(Dict::new()));
        if let Value::Dict(_, table) = table {
            table.entry(to[1].to_string()).or_insert(value);
        }
    }

    /// The top-level tables and values.
    pub fn values(&self) -> &Dict {
        &self.values
    }

    /// The value at a path such as `train.energy.steps` or `energy.hidden[1]`.
    pub fn find(&self, path: &str) -> Option<&Value> {
        self.walk(path).1
    }

    /// The source of the value at exactly this path; `None` if no layer gives it.
    pub fn origin(&self, path: &str) -> Option<Origin> {
        Some(self.of(self.find(path)?))
    }

    /// The source of the value at this path, given there or by a name that stands for a table; else the default.
    pub fn source(&self, path: &str) -> Origin {
        match self.walk(path) {
            (_, Some(exact)) => self.of(exact),
            (Some(Value::Dict(..)) | None, None) => Origin::Default,
            (Some(shorthand), None) => self.of(shorthand),
        }
    }

    /// The source that a message about this path should name: that of the value, or of the nearest table around it.
    pub fn blame(&self, path: &str) -> Origin {
        let (nearest, exact) = self.walk(path);
        let found = match exact.or(nearest) {
            Some(Value::Dict(_, table)) => {
                table.values().map(|value| self.of(value)).find(|from| *from != Origin::Default)
            }
            Some(value) => Some(self.of(value)),
            None => None,
        };
        found.unwrap_or_else(|| {
            let file = self.origins.iter().find(|origin| matches!(origin, Origin::File(_)));
            file.cloned().unwrap_or(Origin::Default)
        })
    }

    fn of(&self, value: &Value) -> Origin {
        let layer = self.figment.get_metadata(value.tag()).and_then(|layer| layer.name.parse::<usize>().ok());
        layer.and_then(|index| self.origins.get(index)).cloned().unwrap_or(Origin::Default)
    }

    /// The last value on the way to this path, and the value at its end if there is one.
    fn walk(&self, path: &str) -> (Option<&Value>, Option<&Value>) {
        let path = path.replace('[', ".").replace(']', "");
        let mut keys = path.split('.').filter(|key| !key.is_empty());
        let Some(mut here) = keys.next().and_then(|key| self.values.get(key)) else {
            return (None, None);
        };
        for key in keys {
            let next = match here {
                Value::Dict(_, dict) => dict.get(key),
                Value::Array(_, items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
                _ => None,
            };
            match next {
                Some(next) => here = next,
                None => return (Some(here), None),
            }
        }
        (Some(here), Some(here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Layers {
        Layers::default().toml(Origin::File("run.toml".into()), text).unwrap()
    }
    fn set(layers: Layers, texts: &[&str]) -> Merged {
        let texts: Vec<_> = texts.iter().map(|text| text.to_string()).collect();
        layers.sets(&texts).unwrap().merge()
    }
    fn text(merged: &Merged, path: &str) -> Option<String> {
        merged.find(path).map(value::text)
    }

    #[test]
    fn a_higher_layer_wins_and_each_value_knows_its_own() {
        let layers = file("seed = 1\n[train]\nsteps = 10\nbatch = 20\nlog_every = 5");
        let variables = [("EBM_TRAIN__STEPS", "30"), ("EBM_SEED", "2"), ("PATH", "/bin")];
        let layers = layers.environment(variables.map(|(name, text)| (name.to_string(), text.to_string())));
        let merged = set(layers, &["train.steps=40", "train.energy.average=0.5"]);
        for (path, expected, origin) in [
            ("seed", "2", Origin::Environment("EBM_SEED".into())),
            ("train.steps", "40", Origin::Set("train.steps=40".into())),
            ("train.batch", "20", Origin::File("run.toml".into())),
            ("train.energy.average", "0.5", Origin::Set("train.energy.average=0.5".into())),
            ("upper.kind", "\"gp\"", Origin::Default),
        ] {
            assert_eq!(text(&merged, path).as_deref(), Some(expected), "{path}");
            assert_eq!(merged.origin(path), Some(origin), "{path}");
        }
        assert_eq!(merged.find("path"), None);
    }

    #[test]
    fn another_kind_takes_nothing_over_from_the_table_below() {
        let table = "[upper]\nkind = \"gp\"\nweight = 3\n[upper.nested]\nkind = \"a\"\nx = 1";
        for assignment in ["upper=none", "upper.kind=none", "upper={kind=\"none\"}"] {
            let merged = set(file(table), &[assignment]);
            assert_eq!(text(&merged, "upper").as_deref(), Some("{ kind = \"none\" }"), "{assignment}");
        }
        let merged = set(file(table), &["upper.kind=gp"]);
        assert_eq!(text(&merged, "upper.weight").as_deref(), Some("3"));
        let merged = set(file(table), &["upper.nested.kind=b"]);
        assert_eq!(text(&merged, "upper.nested").as_deref(), Some("{ kind = \"b\" }"));
        assert_eq!(text(&merged, "upper.weight").as_deref(), Some("3"));
    }

    #[test]
    fn a_name_alone_is_the_component_with_its_defaults() {
        let merged = set(file("upper = \"none\""), &["upper=gp", "upper.weight=2"]);
        assert_eq!(text(&merged, "upper").as_deref(), Some("{ kind = \"gp\", weight = 2 }"));
        assert_eq!(merged.origin("upper.kind"), Some(Origin::Set("upper=gp".into())));
    }

    #[test]
    fn an_optimizer_is_known_by_its_name_and_adam_without_one() {
        let table = "[train.energy.optimizer]\nbeta1 = 0.5";
        for assignment in ["train.energy.optimizer=lion", "train.energy.optimizer.kind=lion"] {
            let merged = set(file(table), &[assignment, "train.energy.optimizer.clip=1"]);
            let expected = "{ clip = 1, kind = \"lion\" }";
            assert_eq!(text(&merged, "train.energy.optimizer").as_deref(), Some(expected), "{assignment}");
        }
        let merged = set(file(table), &["train.energy.optimizer.kind=adam"]);
        assert_eq!(text(&merged, "train.energy.optimizer.beta1").as_deref(), Some("0.5"));
    }

    #[test]
    fn a_syntax_error_names_its_line_and_column() {
        let fault = Layers::default().toml(Origin::File("run.toml".into()), "seed = 1\n[train\nsteps = 1").unwrap_err();
        assert!(matches!(fault, ConfigFault::Syntax { line: 2, .. }), "{fault}");
        assert!(!fault.to_string().contains('\n'));
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for text in ["steps", "=3", "train.=3", "train..steps=3"] {
            let fault = Layers::default().sets(&[text.to_string()]).unwrap_err();
            assert_eq!(fault, ConfigFault::Assignment { text: text.to_string() });
        }
    }

    #[test]
    fn paths_go_through_arrays_and_a_missing_key_is_blamed_on_its_table() {
        let merged = file("[energy]\nhidden = [4, -5]").merge();
        assert_eq!(text(&merged, "energy.hidden[1]").as_deref(), Some("-5"));
        assert_eq!(merged.find("energy.hidden[2]"), None);
        assert_eq!(merged.blame("energy.nothing"), Origin::File("run.toml".into()));
        assert_eq!(merged.blame("nothing"), Origin::File("run.toml".into()));
    }
}
