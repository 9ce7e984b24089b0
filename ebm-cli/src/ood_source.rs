//! Sources of outliers.

use ebm_core::registry::{self, DatasetConfig};
use thiserror::Error;

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

/// A name or table that does not describe outliers.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{given}: {reason}")]
pub struct SourceError {
    /// The name or table as it was given.
    pub given: String,
    /// Why it cannot be used.
    pub reason: String,
}

impl Source {
    /// Reads the name of built-in outliers, the name of a data set, or a table as in `data = { kind = "...", ... }`.
    ///
    /// # Errors
    /// If the name is unknown, or an option of the data set cannot be used.
    pub fn parse(given: &str) -> Result<Self, SourceError> {
        let wrong = |reason: String| SourceError { given: given.into(), reason };
        if let Some(built_in) = BuiltIn::ALL.into_iter().find(|kind| kind.name() == given) {
            return Ok(Source::BuiltIn(built_in));
        }
        let mut options = match given.trim_start().starts_with('{') {
            false => toml::Table::new(),
            true => {
                let read: toml::Table = toml::from_str(&format!("data = {given}"))
                    .map_err(|error| wrong(format!("no TOML table: {}", error.message())))?;
                match read.into_iter().next() {
                    Some((_, toml::Value::Table(table))) => table,
                    _ => return Err(wrong("expected a table { kind = \"...\" }".into())),
                }
            }
        };
        let name = match options.remove("kind") {
            None if options.is_empty() && !given.contains('{') => given.to_string(),
            Some(toml::Value::String(name)) => name,
            _ => return Err(wrong("the table has no `kind` that names a data set".into())),
        };
        let descriptor = registry::find::<dyn DatasetConfig>(&name).ok_or_else(|| {
            let data = registry::all::<dyn DatasetConfig>().into_iter().map(|d| d.name);
            let names: Vec<&str> = BuiltIn::ALL.map(BuiltIn::name).into_iter().chain(data).collect();
            wrong(format!("no outliers and no data set have this name{}", suggest::hint(&name, &names)))
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
    fn names_and_tables_are_read() {
        assert!(matches!(Source::parse("uniform-noise"), Ok(Source::BuiltIn(BuiltIn::UniformNoise))));
        assert!(matches!(Source::parse("two-moons"), Ok(Source::Data(..))));
        let given = "{ kind = \"two-moons\", noise = 0.3 }";
        let source = Source::parse(given).unwrap();
        assert_eq!(source.name(), given);
        let Source::Data(_, config) = source else { panic!() };
        assert_eq!(serde_json::to_value(config).unwrap()["noise"], 0.3);
    }

    #[test]
    fn what_is_wrong_is_told() {
        let error = |given: &str| Source::parse(given).unwrap_err().to_string();
        assert!(error("unifrom-noise").contains("did you mean `uniform-noise`"), "{}", error("unifrom-noise"));
        assert!(error("{ kind = \"two-moons\", nosie = 1 }").contains("nosie"));
        assert!(error("{ noise = 1 }").contains("kind"));
        assert!(error("{ kind = ").contains("no TOML table"));
        assert!(error("{ kind = \"two-moons\", noise = -1 }").contains("noise = -1"));
    }
}
