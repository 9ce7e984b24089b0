//! Finding what is registered.

use thiserror::Error;

use super::{DatasetConfig, Descriptor, EnergyConfig, GeneratorConfig, LowerBoundConfig, UpperBoundConfig};

inventory::collect!(Descriptor<dyn LowerBoundConfig>);
inventory::collect!(Descriptor<dyn UpperBoundConfig>);
inventory::collect!(Descriptor<dyn GeneratorConfig>);
inventory::collect!(Descriptor<dyn EnergyConfig>);
inventory::collect!(Descriptor<dyn DatasetConfig>);

/// A kind of component that is registered by name.
///
/// ```
/// use ebm_core::registry::{EnergyConfig, LowerBoundConfig, Registered};
///
/// assert_eq!(<dyn LowerBoundConfig as Registered>::KIND, "lower bound");
/// assert!(<dyn EnergyConfig>::descriptors().iter().any(|d| d.name == "mlp"));
/// ```
pub trait Registered: 'static {
    /// The kind, as messages name it: "lower bound".
    const KIND: &'static str;
    /// Everything of this kind that is linked in, in no particular order.
    fn descriptors() -> Vec<&'static Descriptor<Self>>;
}

macro_rules! registered {
    ($object:ident, $kind:literal) => {
        impl Registered for dyn $object {
            const KIND: &'static str = $kind;
            fn descriptors() -> Vec<&'static Descriptor<Self>> {
                inventory::iter::<Descriptor<dyn $object>>().collect()
            }
        }
    };
}
registered!(LowerBoundConfig, "lower bound");
registered!(UpperBoundConfig, "upper bound");
registered!(GeneratorConfig, "generator");
registered!(EnergyConfig, "energy");
registered!(DatasetConfig, "data set");

/// Everything of one kind, by name.
pub fn all<C: Registered + ?Sized>() -> Vec<&'static Descriptor<C>> {
    let mut found = C::descriptors();
    found.sort_by_key(|d| (d.name, d.crate_name));
    found
}

/// The component of a name.
pub fn find<C: Registered + ?Sized>(name: &str) -> Option<&'static Descriptor<C>> {
    C::descriptors().into_iter().find(|d| d.name == name)
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
    check_names::<dyn LowerBoundConfig>()?;
    check_names::<dyn UpperBoundConfig>()?;
    check_names::<dyn GeneratorConfig>()?;
    check_names::<dyn EnergyConfig>()?;
    check_names::<dyn DatasetConfig>()
}

/// Checks that every name of one kind is registered once.
///
/// # Errors
/// The first collision found, naming both crates.
pub fn check_names<C: Registered + ?Sized>() -> Result<(), RegistryError> {
    let crate_of = |d: &Descriptor<C>| format!("{} {}", d.crate_name, d.crate_version);
    match all::<C>().windows(2).find(|pair| pair[0].name == pair[1].name) {
        None => Ok(()),
        Some(pair) => Err(RegistryError::Duplicate {
            kind: C::KIND,
            name: pair[0].name,
            first: crate_of(pair[0]),
            second: crate_of(pair[1]),
        }),
    }
}
