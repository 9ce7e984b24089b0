//! The sources of a configuration, one above the other: defaults < file < environment < `--set`.

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use std::fmt::Display;
use std::{ffi::OsString, fs::File, io::Read, path::Path};

use super::fault::{ConfigFault, Origin};
use super::value;

/// Prefix of the environment variables that set configuration values.
pub const PREFIX: &str = "EBM_";

/// The sections that hold a registered component, each with the default component.
pub const COMPONENTS: [(&str, &str); 5] =
    [("data", "25-gaussians"), ("generator", "mlp"), ("energy", "mlp"), ("lower", "sv"), ("upper", "gp")];

/// The tables of the optimisers of the players. One that does not name its kind is Adam's, as are those of bounds.
const OPTIMIZERS: [[&str; 3]; 2] = [["train", "energy", "optimizer"], ["train", "generator", "optimizer"]];

/// The longest file that is read, in bytes: a pipe may never end.
const LONGEST: u64 = 1 << 24;

/// The key that names a component.
pub const KIND: &str = "kind";

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
pub struct Layers(Vec<(Origin, Dict)>);

impl Default for Layers {
    /// The names of the default components; their options get their defaults when they are parsed.
    fn default() -> Self {
        let values = COMPONENTS.map(|(section, name)| (section.to_string(), of_kind(name.into())));
        Self::alone(Origin::Default, Dict::from(values))
    }
}

impl Layers {
    /// Adds a TOML file above.
    pub fn file(self, path: &Path) -> Result<Self, ConfigFault> {
        self.toml(Origin::File(path.into()), &Self::read(path)?)
    }

    pub(super) fn read(path: &Path) -> Result<String, ConfigFault> {
        let fault = |reason: &dyn Display| ConfigFault::new(Origin::File(path.into()), reason);
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
        match read.map_err(|error| fault(&error))? {
            length if length as u64 > LONGEST => {
                Err(fault(&format!("it is longer than {} MiB; expected a configuration", LONGEST >> 20)))
            }
            _ => String::from_utf8(bytes).map_err(|error| fault(&format!("it is no text ({})", error.utf8_error()))),
        }
    }

    /// Adds the text of a TOML file above.
    pub fn toml(self, origin: Origin, text: &str) -> Result<Self, ConfigFault> {
        let table = Self::table(&origin, text)?;
        Ok(self.above(origin, value::of_table(table)))
    }

    pub(super) fn table(origin: &Origin, text: &str) -> Result<toml::Table, ConfigFault> {
        text.parse().map_err(|error: toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = &text.as_bytes()[..offset];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
            let column = 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count();
            let reason = error.message().trim().replace('\n', ", ");
            ConfigFault::new(origin.clone(), format!("line {line}, column {column}: {reason}"))
        })
    }

    /// One source with nothing below it, not even defaults, for a file that is not the configuration of a run.
    pub(super) fn alone(origin: Origin, values: Dict) -> Self {
        Self(vec![(origin, values)])
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
    pub fn sets(self, assignments: &[String]) -> Result<Self, ConfigFault> {
        assignments.iter().try_fold(self, |layers, text| {
            let origin = Origin::Set(text.clone());
            match text.split_once('=').map(|(key, value)| (key.trim(), value)) {
                Some((key, value)) if !key.split('.').any(str::is_empty) => Ok(layers.nested(origin, key, value)),
                _ => Err(ConfigFault::new(origin, "expected KEY=VALUE, such as train.steps=1000")),
            }
        })
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
        let sections = COMPONENTS.map(|(section, _)| vec![section]);
        for path in sections.into_iter().chain(OPTIMIZERS.map(Vec::from)) {
            if let Some((key, tables)) = path.split_last()
                && let Some(given @ Value::String(..)) =
                    table(&mut values, tables).and_then(|table| table.get_mut(*key))
            {
                *given = of_kind(given.clone());
                self.forget(&path);
            }
        }
        for (key, value) in &values {
            self.forget_other_kinds(&mut vec![key.as_str()], value);
        }
        // Written anew, the values lose the marks of a source that they were merged from before, and get this one's.
        let values = match Value::serialize(&values) {
            Ok(Value::Dict(_, unmarked)) => unmarked,
            _ => values,
        };
        self.0.push((origin, values));
        self
    }

    /// Adds values between the program's defaults and all that stands above them.
    pub(super) fn beneath(mut self, origin: Origin, values: Dict) -> Self {
        let given = self.0.split_off(1);
        given.into_iter().fold(self.above(origin, values), |layers, (origin, values)| layers.above(origin, values))
    }

    /// Whether a layer above the defaults says anything of the model or of the bounds. An empty table says nothing.
    pub(super) fn has_model(&self) -> bool {
        let says = |value: &Value| value.as_dict().is_none_or(|table| !table.is_empty());
        let given = self.0.iter().filter(|(origin, _)| !origin.is_default());
        let parts = || COMPONENTS.iter().filter(|(section, _)| *section != "data");
        given.map(|(_, values)| values).any(|values| parts().any(|(section, _)| values.get(*section).is_some_and(says)))
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
        self.0.iter().rev().find_map(|(_, values)| {
            let table = path.iter().try_fold(values, |table, key| table.get(*key)?.as_dict())?;
            table.get(KIND)?.as_str()
        })
    }

    /// Drops the values of the layers so far for the table at `path`: options of one kind mean nothing to another.
    fn forget(&mut self, path: &[&str]) {
        let Some((key, tables)) = path.split_last() else { return };
        self.0.iter_mut().filter_map(|(_, values)| table(values, tables)).for_each(|table| drop(table.remove(*key)));
    }

    /// Merges the layers.
    pub fn merge(self) -> Merged {
        let (origins, values): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        let numbered = values.into_iter().enumerate();
        let figment = numbered.fold(Figment::new(), |below, (index, values)| below.merge(Numbered(index, values)));
        let values = figment.data().ok().and_then(|mut profiles| profiles.remove(&Profile::Default));
        Merged { values: values.unwrap_or_default(), figment, origins }
    }
}

/// The table that the name of a component stands for.
pub(super) fn of_kind(name: Value) -> Value {
    Dict::from([(KIND.to_string(), name)]).into()
}

/// The table at a path of tables.
fn table<'a>(values: &'a mut Dict, path: &[&str]) -> Option<&'a mut Dict> {
    path.iter().try_fold(values, |table, key| match table.get_mut(*key)? {
        Value::Dict(_, inner) => Some(inner),
        _ => None,
    })
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
    pub(super) values: Dict,
    origins: Vec<Origin>,
}

impl Merged {
    /// Moves the value at `from`, a table and a key, to `to`, unless there is one.
    pub(super) fn move_value(&mut self, from: [&str; 2], to: [&str; 2]) {
        let moved = table(&mut self.values, &from[..1]).and_then(|table| table.remove(from[1]));
        if let (Some(value), Value::Dict(_, table)) =
            (moved, self.values.entry(to[0].into()).or_insert(Dict::new().into()))
        {
            table.entry(to[1].into()).or_insert(value);
        }
    }

    /// The value at a path such as `train.energy.steps` or `energy.hidden[1]`.
    pub fn find(&self, path: &str) -> Option<&Value> {
        self.walk(path).1
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
            Some(Value::Dict(_, table)) => table.values().map(|value| self.of(value)).find(|from| !from.is_default()),
            // A quoted key with a dot in it can look like one of the settings that were chosen by the data, which nobody wrote.
            Some(value) => Some(self.of(value)).filter(|from| !matches!(from, Origin::Fitted(_))),
            None => None,
        };
        found.unwrap_or_else(|| {
            let file = self.origins.iter().find(|origin| matches!(origin, Origin::File(_)));
            file.cloned().unwrap_or(Origin::Default)
        })
    }

    /// The kind of data, in words, that the defaults are for, if they were chosen by the data.
    pub fn fitted(&self) -> Option<&'static str> {
        self.origins.iter().find_map(|origin| match origin {
            Origin::Fitted(data) => Some(*data),
            _ => None,
        })
    }

    fn of(&self, value: &Value) -> Origin {
        let layer = self.figment.get_metadata(value.tag()).and_then(|layer| layer.name.parse::<usize>().ok());
        layer.and_then(|index| self.origins.get(index)).cloned().unwrap_or(Origin::Default)
    }

    /// The last value on the way to this path, and the value at its end if there is one.
    fn walk(&self, path: &str) -> (Option<&Value>, Option<&Value>) {
        let path = path.replace('[', ".").replace(']', "");
        let keys = path.split('.').filter(|key| !key.is_empty());
        let mut nearest: Option<&Value> = None;
        for key in keys {
            let next = match nearest {
                None => self.values.get(key),
                Some(Value::Dict(_, table)) => table.get(key),
                Some(Value::Array(_, items)) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
                Some(_) => None,
            };
            if next.is_none() {
                return (nearest, None);
            }
            nearest = next;
        }
        (nearest, nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(text: &str, assignments: &[&str]) -> Merged {
        let assignments: Vec<_> = assignments.iter().map(|text| text.to_string()).collect();
        let file = Layers::default().toml(Origin::File("run.toml".into()), text);
        file.and_then(|layers| layers.sets(&assignments)).unwrap().merge()
    }

    #[test]
    fn a_name_is_the_table_of_its_kind_and_another_kind_takes_nothing_over_from_below() {
        const UPPER: &str = "[upper]\nkind = \"gp\"\nweight = 3\n[upper.nested]\nkind = \"a\"\nx = 1";
        // An optimiser that does not name its kind is Adam.
        const ADAM: &str = "[train.energy.optimizer]\nbeta1 = 0.5";
        const OPTIMIZER: &str = "train.energy.optimizer";
        let (none, lion) = ("{ kind = \"none\" }", "{ clip = 1, kind = \"lion\" }");
        for (text, assignments, path, expected) in [
            (UPPER, &["upper=none"][..], "upper", none),
            (UPPER, &["upper.kind=none"], "upper", none),
            (UPPER, &["upper={kind=\"none\"}"], "upper", none),
            (UPPER, &["upper.kind=gp"], "upper.weight", "3"),
            (UPPER, &["upper.nested.kind=b"], "upper.nested", "{ kind = \"b\" }"),
            (UPPER, &["upper.nested.kind=b"], "upper.weight", "3"),
            ("upper = \"none\"", &["upper=gp", "upper.weight=2"], "upper", "{ kind = \"gp\", weight = 2 }"),
            (ADAM, &["train.energy.optimizer=lion", "train.energy.optimizer.clip=1"], OPTIMIZER, lion),
            (ADAM, &["train.energy.optimizer.kind=lion", "train.energy.optimizer.clip=1"], OPTIMIZER, lion),
            (ADAM, &["train.energy.optimizer.kind=adam"], "train.energy.optimizer.beta1", "0.5"),
        ] {
            let found = merged(text, assignments).find(path).map(value::text);
            assert_eq!(found.as_deref(), Some(expected), "{assignments:?} {path}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let origin = Origin::File("run.toml".into());
        let fault = Layers::default().toml(origin, "seed = 1\n[train\nsteps = 1").unwrap_err().to_string();
        assert!(fault.starts_with("run.toml: line 2, column ") && !fault.contains('\n'), "{fault}");
        for text in ["steps", "=3", "train.=3", "train..steps=3"] {
            let fault = Layers::default().sets(&[text.to_string()]).unwrap_err().to_string();
            assert_eq!(fault, format!("--set {text}: expected KEY=VALUE, such as train.steps=1000"));
        }
    }

    #[test]
    fn paths_go_through_arrays_and_a_missing_key_is_blamed_on_its_table() {
        let merged = merged("[energy]\nhidden = [4, -5]", &[]);
        assert_eq!(merged.find("energy.hidden[1]").map(value::text).as_deref(), Some("-5"));
        assert_eq!(merged.find("energy.hidden[2]"), None);
        assert_eq!(merged.blame("energy.nothing"), Origin::File("run.toml".into()));
        assert_eq!(merged.blame("nothing"), Origin::File("run.toml".into()));
    }
}
