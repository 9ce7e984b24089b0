//! The configuration of a component as the registry holds it: object-safe, so that a name in a file selects a type.
//!
//! The `register_...!` macros implement these traits; nothing does by hand.

use std::fmt::Debug;
use std::path::Path;

use crate::bounds::{LowerBound, UpperBound};
use crate::data::{DataError, Dataset};
use crate::error::ConfigError;
use crate::geometry::{Fixed, Geometry, Runtime};
use crate::models::{Energy, Generator};
use crate::optimizer::OptimizerOptions;
use crate::random::Random;
use crate::registry::{Dimensions, Need, Size};

/// A component built for a geometry.
type Built<T> = Result<Box<T>, ConfigError>;

/// The geometries that registered components are compiled for.
///
/// Every other problem runs on [`Runtime`]. A geometry here costs compile time in every bound crate, so there are few.
pub trait SupportedGeometry: Geometry {
    /// Builds a registered lower bound, unless an option does not fit the geometry.
    fn lower(self, config: &dyn LowerBoundConfig, random: Random) -> Built<dyn LowerBound<Self>>;
    /// Builds a registered upper bound, unless an option does not fit the geometry.
    fn upper(self, config: &dyn UpperBoundConfig, random: Random) -> Built<dyn UpperBound<Self>>;
    /// Builds a registered generator, unless an option does not fit the geometry.
    fn generator(self, config: &dyn GeneratorConfig, random: Random) -> Built<dyn Generator<Self>>;
    /// Builds a registered energy, unless an option does not fit the geometry.
    fn energy(self, config: &dyn EnergyConfig, random: Random) -> Built<dyn Energy<Self>>;
}

macro_rules! geometry_config {
    ($(#[$doc:meta])* $config:ident builds $product:ident $(, $($extra:item)+)?) => {
        $(#[$doc])*
        #[typetag::serde(tag = "kind")]
        pub trait $config: Debug + Send + Sync {
            /// Returns an error for the first value that cannot be used, saying what was expected.
            fn check(&self) -> Result<(), ConfigError>;
            #[doc(hidden)]
            fn build_plane(&self, g: Fixed<2, 2>, random: Random) -> Built<dyn $product<Fixed<2, 2>>>;
            #[doc(hidden)]
            fn build_runtime(&self, g: Runtime, random: Random) -> Built<dyn $product<Runtime>>;
            /// The least memory that it takes with these dimensions, if that is known before it is built.
            fn size(&self, dimensions: Dimensions) -> Option<Size>;
            /// A copy.
            fn clone_box(&self) -> Box<dyn $config>;
            $($($extra)+)?
        }
        impl Clone for Box<dyn $config> {
            fn clone(&self) -> Self {
                self.clone_box()
            }
        }
    };
}

geometry_config!(
    /// A registered lower bound's configuration.
    LowerBoundConfig builds LowerBound,
    /// The options of the optimiser of the bound's own networks, if it has any.
    fn optimizer(&self) -> Option<OptimizerOptions>;
    /// The needs that come with these options, beside those that the bound is registered with.
    fn needs(&self) -> &'static [Need];
);
geometry_config!(
    /// A registered upper bound's configuration.
    UpperBoundConfig builds UpperBound,
    /// The options of the optimiser of the bound's own networks, if it has any.
    fn optimizer(&self) -> Option<OptimizerOptions>;
    /// The needs that come with these options, beside those that the bound is registered with.
    fn needs(&self) -> &'static [Need];
);
geometry_config!(
    /// A registered generator's configuration.
    GeneratorConfig builds Generator,
    /// Number of latent dimensions d for data of `data` dimensions.
    fn latent_width(&self, data: usize) -> usize;
    /// The largest rank that the Jacobian can have for data of `data` dimensions.
    fn rank(&self, data: usize) -> usize;
    /// Refuses a bound's need that generators of this configuration do not meet, naming the option that would have to change.
    fn meets(&self, need: Need) -> Result<(), ConfigError>;
);
geometry_config!(
    /// A registered energy's configuration.
    EnergyConfig builds Energy,
    /// The same energy conditional on a diffusion time, unless it cannot or shall not be.
    fn timed(&self) -> Built<dyn EnergyConfig>;
);

/// A registered data set's configuration.
#[typetag::serde(tag = "kind")]
pub trait DatasetConfig: Debug + Send + Sync {
    /// Returns an error for the first value that cannot be used, saying what was expected.
    fn check(&self) -> Result<(), ConfigError>;
    /// Opens or prepares the data, unless a file is missing or malformed; relative paths are relative to `base`.
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError>;
    /// A copy.
    fn clone_box(&self) -> Box<dyn DatasetConfig>;
}

impl Clone for Box<dyn DatasetConfig> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

macro_rules! supported {
    ($geometry:ty, $build:ident) => {
        impl SupportedGeometry for $geometry {
            fn lower(self, config: &dyn LowerBoundConfig, random: Random) -> Built<dyn LowerBound<Self>> {
                config.$build(self, random)
            }
            fn upper(self, config: &dyn UpperBoundConfig, random: Random) -> Built<dyn UpperBound<Self>> {
                config.$build(self, random)
            }
            fn generator(self, config: &dyn GeneratorConfig, random: Random) -> Built<dyn Generator<Self>> {
                config.$build(self, random)
            }
            fn energy(self, config: &dyn EnergyConfig, random: Random) -> Built<dyn Energy<Self>> {
                config.$build(self, random)
            }
        }
    };
}
supported!(Fixed<2, 2>, build_plane);
supported!(Runtime, build_runtime);
