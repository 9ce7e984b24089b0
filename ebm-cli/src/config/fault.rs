//! Errors in a configuration: each message names the source, the key, the value and what was expected.

use super::origin::Origin;
use thiserror::Error;

/// A configuration that cannot be used.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's error.
        reason: String,
    },
    /// The file is not TOML.
    #[error("{path}: line {line}, column {column}: {reason}")]
    Syntax {
        /// The file.
        path: String,
        /// Line, counted from 1.
        line: usize,
        /// Column, counted from 1.
        column: usize,
        /// The parser's message.
        reason: String,
    },
    /// A `--set` that is not an assignment.
    #[error("--set {text}: expected KEY=VALUE, such as train.steps=1000")]
    Assignment {
        /// The text after `--set`.
        text: String,
    },
    /// A key that does not exist.
    #[error("{origin}: {key}: unknown key; {hint}")]
    UnknownKey {
        /// The source of the key.
        origin: Origin,
        /// The key, dotted from the top.
        key: String,
        /// A hint at the keys that exist.
        hint: String,
    },
    /// A name that nothing is registered under.
    #[error("{origin}: {section} = {name:?}: there is no {kind} of this name; {hint}")]
    UnknownName {
        /// The source of the name.
        origin: Origin,
        /// The section, such as `upper`.
        section: String,
        /// The name.
        name: String,
        /// The kind of component.
        kind: &'static str,
        /// A hint at the names that exist.
        hint: String,
    },
    /// A value of the wrong type or outside its range.
    #[error("{origin}: {key} = {value}: expected {expected}")]
    Value {
        /// The source of the value.
        origin: Origin,
        /// The key, dotted from the top.
        key: String,
        /// The value, as TOML.
        value: String,
        /// A description of the values that are accepted.
        expected: String,
    },
    /// A key that must be there.
    #[error("{origin}: {key}: missing; {hint}")]
    Missing {
        /// The source that should have had it.
        origin: Origin,
        /// The key, dotted from the top.
        key: String,
        /// A hint at how to set it.
        hint: String,
    },
    /// A parser's message that fits no other case.
    #[error("{origin}: {key}: {reason}")]
    Other {
        /// The source of the value.
        origin: Origin,
        /// The key, dotted from the top.
        key: String,
        /// The parser's message.
        reason: String,
    },
}
