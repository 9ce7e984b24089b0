//! The components that are linked in, by name: bounds, models, data sets, and the kinds that other crates add.
//!
//! A crate adds something in three layers: the mathematics (an implementation of a trait such as
//! [`Energy`](crate::models::Energy)), its configuration (a serde struct that implements a `...Spec` trait), and one call of a
//! `register_...!` macro, which submits a [`Descriptor`] and makes the configuration readable by name.
//!
//! ```
//! use ebm_core::error::ConfigError;
//! use ebm_core::geometry::Geometry;
//! use ebm_core::models::{Energy, closed_form::QuadraticEnergy};
//! use ebm_core::random::Random;
//! use ebm_core::registry::{EnergyConfig, EnergySpec};
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! /// `E(x) = curvature/2 ||x||^2`.
//! #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields, default)]
//! struct BowlConfig {
//!     /// The curvature at the start.
//!     curvature: f64,
//! }
//!
//! impl EnergySpec for BowlConfig {
//!     fn check(&self) -> Result<(), ConfigError> {
//!         ConfigError::require(self.curvature > 0.0, "curvature", self.curvature, "a number > 0")
//!     }
//!     fn build<G: Geometry>(&self, geometry: G, _: Random) -> Result<Box<dyn Energy<G>>, ConfigError> {
//!         let n = geometry.data_width();
//!         let a: Vec<f64> = (0..n * n).map(|k| if k % (n + 1) == 0 { self.curvature } else { 0.0 }).collect();
//!         Ok(Box::new(QuadraticEnergy::new(geometry, &a, &vec![0.0; n])))
//!     }
//! }
//!
//! ebm_core::register_energy!(BowlConfig, name: "example-bowl", summary: "a quadratic", reference: "none");
//!
//! // It is there by its name, in the registry and in configuration files.
//! assert_eq!(ebm_core::registry::find::<dyn EnergyConfig>("example-bowl").unwrap().summary, "a quadratic");
//! let config: Box<dyn EnergyConfig> = toml::from_str("kind = \"example-bowl\"\ncurvature = 0.0")?;
//! assert_eq!(config.check().unwrap_err().key, "curvature");
//! # Ok::<(), toml::de::Error>(())
//! ```

mod configs;
mod descriptor;
mod lookup;
mod macros;
mod size;
mod specs;

pub use configs::{
    DatasetConfig, EnergyConfig, GeneratorConfig, LowerBoundConfig, SupportedGeometry, UpperBoundConfig,
};
pub use descriptor::{Descriptor, Entry, Need, ParseError};
pub use lookup::{Registered, RegistryError, all, check_registry, find, owner, registered, registers_something};
#[doc(hidden)]
pub use macros::{parse_as, schema_of};
pub use size::{Amount, Dimensions, Size};
pub use specs::{DatasetSpec, EnergySpec, GeneratorSpec, LowerBoundSpec, Spec, UpperBoundSpec};
