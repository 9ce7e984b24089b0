//! Finding what is registered.

use std::any::Any;
use std::collections::BTreeMap;

use thiserror::Error;

use super::descriptor::{Descriptor, Entry};
use super::{DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};

/// A kind of component that is registered by name.
pub trait Registered: 'static {
    /// The kind, as messages name it: "lower bound".
    const KIND: &'static str;
}

impl Registered for dyn LowerBoundConfig {
    const KIND: &'static str = "lower bound";
}
impl Registered for dyn UpperBoundConfig {
    const KIND: &'static str = "upper bound";
}
impl Registered for dyn GeneratorConfig {
    const KIND: &'static str = "generator";
}
impl Registered for dyn EnergyConfig {
    const KIND: &'static str = "energy";
}
impl Registered for dyn DatasetConfig {
    const KIND: &'static str = "data set";
}

/// Everything of one type that is registered, in no order.
pub fn registered<D: Any>() -> impl Iterator<Item = &'static D> {
    inventory::iter::<Entry>.into_iter().filter_map(|entry| entry.descriptor.downcast_ref())
}

/// Every configuration of one kind that is linked in, by name.
pub fn all<C: Registered + ?Sized>() -> Vec<&'static Descriptor<C>> {
    let mut found: Vec<&Descriptor<C>> = registered().collect();
    found.sort_by_key(|d| (d.name, d.crate_name));
    found
}

/// The component of a name.
pub fn find<C: Registered + ?Sized>(name: &str) -> Option<&'static Descriptor<C>> {
    all::<C>().into_iter().find(|d| d.name == name)
}

/// Whether a crate registered anything; `-` and `_` in its name are one.
pub fn registers_something(crate_name: &str) -> bool {
    let normal = |name: &str| name.replace('-', "_");
    let wanted = normal(crate_name);
    inventory::iter::<Entry>.into_iter().any(|entry| normal(entry.crate_name) == wanted)
}

/// A fault in what is linked together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two crates registered one name.
    #[error("two crates register the {kind} {name:?}: {first} and {second}; link one of them only")]
    Duplicate {
        /// The kind of component.
        kind: &'static str,
        /// The name.
        name: &'static str,
        /// One crate, with its version.
        first: String,
        /// The other crate, with its version.
        second: String,
    },
}

/// Checks that every name is registered once. Call it at start-up: parsing would report a collision late and unclearly.
///
/// # Errors
/// The first collision found, naming both crates.
pub fn check_registry() -> Result<(), RegistryError> {
    let mut entries: Vec<&Entry> = inventory::iter::<Entry>.into_iter().collect();
    entries.sort_by_key(|entry| entry.crate_name);
    let mut seen = BTreeMap::new();
    for (entry, name) in entries.into_iter().flat_map(|entry| entry.names.iter().map(move |name| (entry, *name))) {
        if let Some(first) = seen.insert((entry.kind, name), entry) {
            let named = |entry: &Entry| format!("{} {}", entry.crate_name, entry.crate_version);
            return Err(RegistryError::Duplicate { kind: entry.kind, name, first: named(first), second: named(entry) });
        }
    }
    Ok(())
}
