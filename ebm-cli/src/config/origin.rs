//! Where a configuration value is from.

use figment::{Metadata, Source};
use std::fmt;
use std::path::{Path, PathBuf};

const FILE: &str = "file";
const ENVIRONMENT: &str = "environment";
const SET: &str = "--set";
const SECTION: &str = "section";

/// Where a configuration value is from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The program's default.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The command line; the text after `--set`.
    Set(String),
    /// A part of a source, or of the command line, that stands for values elsewhere; as it is told.
    Section(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Environment(variable) => write!(f, "environment variable {variable}"),
            Origin::Set(text) => write!(f, "--set {text}"),
            Origin::Section(text) => f.write_str(text),
        }
    }
}

impl Origin {
    /// The same, as figment stores it beside each value.
    pub(super) fn metadata(&self) -> Metadata {
        match self {
            Origin::Default => Metadata::named("default"),
            Origin::File(path) => Metadata::from(FILE, Path::new(path)),
            Origin::Environment(variable) => Metadata::from(ENVIRONMENT, Source::Custom(variable.clone())),
            Origin::Set(text) => Metadata::from(SET, Source::Custom(text.clone())),
            Origin::Section(text) => Metadata::from(SECTION, Source::Custom(text.clone())),
        }
    }

    /// Reads it back.
    pub(super) fn of(metadata: &Metadata) -> Self {
        match (&*metadata.name, &metadata.source) {
            (FILE, Some(Source::File(path))) => Origin::File(path.clone()),
            (ENVIRONMENT, Some(Source::Custom(variable))) => Origin::Environment(variable.clone()),
            (SET, Some(Source::Custom(text))) => Origin::Set(text.clone()),
            (SECTION, Some(Source::Custom(text))) => Origin::Section(text.clone()),
            _ => Origin::Default,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_survives_the_way_through_figment() {
        for origin in [
            Origin::Default,
            Origin::File("a/b.toml".into()),
            Origin::Environment("EBM_TRAIN__STEPS".into()),
            Origin::Set("train.steps=3".into()),
            Origin::Section("run.toml [compare.upper.gp]".into()),
        ] {
            assert_eq!(Origin::of(&origin.metadata()), origin);
        }
    }
}
