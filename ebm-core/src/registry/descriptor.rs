use std::any::Any;

use serde::Serialize;
use thiserror::Error;

use super::Registered;
use crate::bounds::Level;

/// A requirement of a bound on the models it is combined with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Need {
    /// A generator whose pushforward can be differentiated.
    Jacobian,
    /// A generator with noise sigma > 0.
    Noise,
    /// An energy E(x, t) that knows a diffusion time.
    TimeConditionalEnergy,
}

/// A configuration table that does not parse.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{path}: {message}")]
#[non_exhaustive]
pub struct ParseError {
    /// The key inside the table, dotted; empty where the table itself is at fault.
    pub path: String,
    /// The fault, in serde's words.
    pub message: String,
}

impl ParseError {
    /// A fault in the value at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// A registered component. `C` is the trait object of its kind, such as `dyn LowerBoundConfig`.
pub struct Descriptor<C: ?Sized + 'static> {
    /// The name it has in configuration files.
    pub name: &'static str,
    /// The crate that registered it.
    pub crate_name: &'static str,
    /// That crate's version.
    pub crate_version: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Where the method is from.
    pub reference: &'static str,
    /// The strongest claim it can make in the right situation; `None` for what makes no claims (models, data).
    pub guarantee: Option<Level>,
    /// Its requirements on the models.
    pub needs: &'static [Need],
    /// The configuration with every option at its default.
    pub example: fn() -> Box<C>,
    /// JSON schema of the configuration.
    pub schema: fn() -> serde_json::Value,
    /// Parses a table (without the key `kind`), naming the key at fault.
    pub parse: fn(serde_json::Value) -> Result<Box<C>, ParseError>,
}

/// A descriptor of any kind, as inventory collects it. A crate adds kinds of its own by implementing [`Registered`].
pub struct Entry {
    pub(super) kind: &'static str,
    pub(super) name: &'static str,
    pub(super) crate_name: &'static str,
    pub(super) crate_version: &'static str,
    pub(super) descriptor: &'static (dyn Any + Send + Sync),
}

impl Entry {
    /// The entry of a descriptor.
    pub const fn new<C: Registered + ?Sized>(descriptor: &'static Descriptor<C>) -> Self {
        Self {
            kind: C::KIND,
            name: descriptor.name,
            crate_name: descriptor.crate_name,
            crate_version: descriptor.crate_version,
            descriptor,
        }
    }
}

inventory::collect!(Entry);
