//! Errors in a configuration: each message names the source, the key, the value and what was expected.

use std::fmt::{self, Display};
use std::path::PathBuf;
use thiserror::Error;

use super::shortened::{readable, shortened};

/// The source of a configuration value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The program's default.
    Default,
    /// The default for a kind of data, in words.
    Fitted(&'static str),
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// The command line; the text after `--set`.
    Set(String),
    /// A part of a source, or of the command line, that sets values elsewhere; in words.
    Section(String),
}

impl Origin {
    /// Whether the value is the program's own, of any kind.
    pub(super) fn is_default(&self) -> bool {
        matches!(self, Origin::Default | Origin::Fitted(_))
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Fitted(data) => write!(f, "default for {data}"),
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Environment(variable) => write!(f, "environment variable {}", shortened(variable)),
            Origin::Set(text) => write!(f, "--set {}", shortened(text)),
            Origin::Section(text) => f.write_str(text),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{origin}: {reason}")]
pub struct ConfigFault {
    /// The source of the fault.
    pub origin: Origin,
    /// The key, what is wrong with it, and what was expected.
    pub reason: String,
}

impl ConfigFault {
    pub(super) fn new(origin: Origin, reason: impl Display) -> Self {
        Self { origin, reason: readable(&reason.to_string()).into_owned() }
    }
}
