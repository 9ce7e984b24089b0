//! The configuration of a component as its author writes it: a serde struct that checks itself and builds.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;
use std::path::Path;

use crate::bounds::{LowerBound, UpperBound};
use crate::data::{DataError, Dataset};
use crate::error::ConfigError;
use crate::geometry::Geometry;
use crate::models::{Energy, Generator};
use crate::optimizer::OptimizerOptions;
use crate::random::Random;
use crate::registry::{Dimensions, Need, Size};

/// Plain data with defaults, a schema and a text form. Nothing implements it by hand.
pub trait Spec: Serialize + DeserializeOwned + JsonSchema + Default + Debug + Clone + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + JsonSchema + Default + Debug + Clone + Send + Sync + 'static> Spec for T {}

macro_rules! bound_spec {
    ($(#[$attribute:meta])* $spec:ident builds $bound:ident) => {
        $(#[$attribute])*
        pub trait $spec: Spec {
            /// Returns an error for the first value that cannot be used, saying what was expected.
            fn check(&self) -> Result<(), ConfigError> {
                Ok(())
            }
            /// Builds the bound for a geometry, unless an option does not fit it; `random` seeds networks of its own.
            fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn $bound<G>>, ConfigError>;
            /// The least memory that it takes with these dimensions, so that one that does not fit is refused before it is
            /// built. `None`: not known.
            fn size(&self, _dimensions: Dimensions) -> Option<Size> {
                None
            }
            /// The options of the optimiser of the bound's own networks; `None`: those of the player that it is trained with.
            /// The schedule is that player's.
            fn optimizer(&self) -> Option<OptimizerOptions> {
                None
            }
            /// The needs that come with these options, beside those that the bound is registered with.
            fn needs(&self) -> &'static [Need] {
                &[]
            }
        }
    };
}

bound_spec!(
    /// The configuration of a lower bound. Every [`LowerFormula`](crate::bounds::LowerFormula) is one.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not the configuration of a lower bound",
        note = "for a bound that is a formula, implement `ebm_core::bounds::LowerFormula`; for one with networks or state of its own, `ebm_core::registry::LowerBoundSpec`",
        note = "an upper bound is registered with `register_upper_bound!`"
    )]
    LowerBoundSpec builds LowerBound
);
bound_spec!(
    /// The configuration of an upper bound. Every [`UpperFormula`](crate::bounds::UpperFormula) is one.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not the configuration of an upper bound",
        note = "for a bound that is a formula, implement `ebm_core::bounds::UpperFormula`; for one with networks or state of its own, `ebm_core::registry::UpperBoundSpec`",
        note = "a lower bound is registered with `register_lower_bound!`"
    )]
    UpperBoundSpec builds UpperBound
);

/// The configuration of a generator.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of a generator",
    note = "implement `ebm_core::registry::GeneratorSpec` for it"
)]
pub trait GeneratorSpec: Spec {
    /// Returns an error for the first value that cannot be used, saying what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Number of latent dimensions d for data of `data` dimensions: as many, unless it says otherwise.
    fn latent_width(&self, data: usize) -> usize {
        data
    }
    /// The largest rank that the Jacobian can have for data of `data` dimensions: the width of the narrowest layer, latents and
    /// data included.
    fn rank(&self, data: usize) -> usize {
        self.latent_width(data).min(data)
    }
    /// Refuses a bound's need that generators of this configuration are known not to meet, naming the option that would have to
    /// change.
    fn meets(&self, _need: Need) -> Result<(), ConfigError> {
        Ok(())
    }
    /// The least memory that it takes with these dimensions, so that one that does not fit is refused before it is built. `None`: not
    /// known.
    fn size(&self, _dimensions: Dimensions) -> Option<Size> {
        None
    }
    /// Builds the generator with initial weights drawn from `random`, unless an option does not fit the geometry.
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError>;
}

/// The expectation that an energy without a time does not meet.
pub(crate) const NEEDS_TIME: &str = "an energy that can depend on a diffusion time";

/// The configuration of an energy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of an energy",
    note = "implement `ebm_core::registry::EnergySpec` for it"
)]
pub trait EnergySpec: Spec {
    /// Returns an error for the first value that cannot be used, saying what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// The same energy conditional on a diffusion time: itself if it is already, an error if it cannot or shall not be.
    fn timed(&self) -> Result<Self, ConfigError> {
        Err(ConfigError::new("kind", "an energy without a time", NEEDS_TIME))
    }
    /// The least memory that it takes with these dimensions, so that one that does not fit is refused before it is built. `None`: not
    /// known.
    fn size(&self, _dimensions: Dimensions) -> Option<Size> {
        None
    }
    /// Builds the energy with initial weights drawn from `random`, unless an option does not fit the geometry.
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Energy<G>>, ConfigError>;
}

/// The configuration of a data set.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of a data set",
    note = "implement `ebm_core::registry::DatasetSpec` for it"
)]
pub trait DatasetSpec: Spec {
    /// Returns an error for the first value that cannot be used, saying what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Opens or prepares the data; relative paths are relative to `base`, the folder of the configuration file.
    ///
    /// # Errors
    /// If a file is missing or malformed.
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError>;
}
