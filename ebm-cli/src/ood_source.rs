use anyhow::anyhow;
use ebm_core::registry::{self, DatasetConfig};

use crate::config::suggest;
use ebm_eval::ood::BuiltIn;

/// Outliers, as the command line names them.
#[derive(Clone, Debug)]
pub enum Source {
    /// Made from the data itself.
    BuiltIn(BuiltIn),
    /// The held-out samples of a data set, and its name.
    Data(String, Box<dyn DatasetConfig>),
}

impl Source {
    /// Reads the name of built-in outliers, the name of a data set, or a table as in `data = { kind = "...", ... }`.
    pub fn parse(given: &str) -> anyhow::Result<Self> {
        let wrong = |reason: String| anyhow!("{given}: {reason}");
        if let Some(built_in) = BuiltIn::ALL.into_iter().find(|kind| kind.name() == given) {
            return Ok(Source::BuiltIn(built_in));
        }
        let mut options = toml::Table::new();
        let mut name = given.to_string();
        if given.trim_start().starts_with('{') {
            let read = toml::from_str(&format!("data = {given}"));
            let read: toml::Table = read.map_err(|error| wrong(format!("no TOML table: {}", error.message())))?;
            let Some((_, toml::Value::Table(table))) = read.into_iter().next() else {
                return Err(wrong("expected a table { kind = \"...\" }".into()));
            };
            options = table;
            let Some(toml::Value::String(kind)) = options.remove("kind") else {
                return Err(wrong("the table has no `kind` that names a data set".into()));
            };
            name = kind;
        }
        let descriptor = registry::find::<dyn DatasetConfig>(&name).ok_or_else(|| {
            let data = registry::all::<dyn DatasetConfig>().into_iter().map(|d| d.name);
            let names: Vec<&str> = BuiltIn::ALL.map(BuiltIn::name).into_iter().chain(data).collect();
            wrong(format!("no outliers and no data set have this name; {}", suggest::hint(&name, &names)))
        })?;
        let options = serde_json::to_value(options).map_err(|error| wrong(error.to_string()))?;
        let config = (descriptor.parse)(options).map_err(|error| wrong(error.to_string()))?;
        config.check().map_err(|error| wrong(error.to_string()))?;
        Ok(Source::Data(given.into(), config))
    }

    /// Its name, as it was given.
    pub fn name(&self) -> &str {
        match self {
            Source::BuiltIn(kind) => kind.name(),
            Source::Data(name, _) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_tables_are_read_and_what_is_wrong_is_told() {
        assert!(matches!(Source::parse("uniform-noise"), Ok(Source::BuiltIn(BuiltIn::UniformNoise))));
        assert!(matches!(Source::parse("two-moons"), Ok(Source::Data(..))));
        let given = "{ kind = \"two-moons\", noise = 0.3 }";
        let source = Source::parse(given).unwrap();
        assert_eq!(source.name(), given);
        let Source::Data(_, config) = source else { panic!() };
        assert_eq!(serde_json::to_value(config).unwrap()["noise"], 0.3);

        let error = |given: &str| Source::parse(given).unwrap_err().to_string();
        assert!(error("unifrom-noise").contains("this name; did you mean `uniform-noise`"));
        assert!(error("{ kind = \"two-moons\", nosie = 1 }").contains("nosie"));
        assert!(error("{ noise = 1 }").contains("kind"));
        assert!(error("{ kind = ").contains("no TOML table"));
        assert!(error("{ kind = \"two-moons\", noise = -1 }").contains("noise = -1"));
    }
}
