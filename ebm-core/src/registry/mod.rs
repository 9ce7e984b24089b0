//! What is linked in: bounds, models and data sets, by name.
//!
//! A crate adds something in three layers: the mathematics (an implementation of a trait such as
//! [`LowerBound`](crate::bounds::LowerBound)), its configuration (a serde struct implementing a `...Spec` trait), and
//! one call of a `register_...!` macro, which submits a [`Descriptor`] and makes the configuration readable by name.

mod configs;
mod descriptor;
mod lookup;
mod macros;
mod specs;

pub use configs::{
    DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, SupportedGeometry, UpperBoundConfig,
};
pub use descriptor::{Descriptor, Need, ParseError};
pub use lookup::{Registered, RegistryError, all, check_names, check_registry, find};
#[doc(hidden)]
pub use macros::{parse_as, schema_of};
pub use specs::{DatasetSpec, EnergySpec, GeneratorSpec, LowerBoundSpec, Spec, UpperBoundSpec};
