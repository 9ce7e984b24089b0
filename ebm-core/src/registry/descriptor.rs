use std::any::Any;
use std::slice;

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
    /// A generator whose Jacobian can have full rank: the logarithm of its volume is minus infinity otherwise.
    FullRank,
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
    /// The choices of options with which a bound's gradient is not that of its value, each as the option's key, a dot and the
    /// choice: `solver.iterative`.
    pub approximate_gradient: &'static [&'static str],
    /// The configuration with every option at its default.
    pub example: fn() -> Box<C>,
    /// JSON schema of the configuration.
    pub schema: fn() -> serde_json::Value,
    /// Parses a table (without the key `kind`), naming the key at fault.
    pub parse: fn(serde_json::Value) -> Result<Box<C>, ParseError>,
}

/// A descriptor of any kind, as inventory collects it. A crate adds kinds of configurations by implementing [`Registered`], and
/// other kinds by [`Entry::other`].
pub struct Entry {
    pub(super) kind: &'static str,
    pub(super) names: &'static [&'static str],
    pub(super) crate_name: &'static str,
    pub(super) crate_version: &'static str,
    pub(super) descriptor: &'static (dyn Any + Send + Sync),
}

impl Entry {
    /// The entry of a configuration.
    pub const fn new<C: Registered + ?Sized>(descriptor: &'static Descriptor<C>) -> Self {
        let Descriptor { name, crate_name, crate_version, .. } = descriptor;
        Self::other(C::KIND, slice::from_ref(name), (*crate_name, *crate_version), descriptor)
    }

    /// The entry of something that no configuration names, such as a metric: its kind, as messages name it, its name or names,
    /// the crate that registers it with its version, and what [`registered`](super::registered) finds it by.
    pub const fn other(
        kind: &'static str,
        names: &'static [&'static str],
        (crate_name, crate_version): (&'static str, &'static str),
        descriptor: &'static (dyn Any + Send + Sync),
    ) -> Self {
        Self { kind, names, crate_name, crate_version, descriptor }
    }
}

inventory::collect!(Entry);
