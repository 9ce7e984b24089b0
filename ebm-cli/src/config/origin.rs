//! The source of a configuration value.

use std::fmt;
use std::path::PathBuf;

/// The source of a configuration value.
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
    /// A part of a source, or of the command line, that sets values elsewhere; in words.
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
