//! The configuration layer, as a component's author writes it: a serde struct that checks itself and builds.

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
use crate::registry::Need;

/// What every configuration is: plain data with defaults, a schema, and a text form. Nothing implements it by hand.
///
/// ```
/// use ebm_core::registry::Spec;
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct Options {
///     weight: f64,
/// }
///
/// /// The options that a configuration has if none is given.
/// fn defaults<C: Spec>() -> String {
///     toml::to_string(&C::default()).unwrap()
/// }
///
/// assert_eq!(defaults::<Options>(), "weight = 0.0\n");
/// ```
pub trait Spec: Serialize + DeserializeOwned + JsonSchema + Default + Debug + Clone + Send + Sync + 'static {}
impl<T: Serialize + DeserializeOwned + JsonSchema + Default + Debug + Clone + Send + Sync + 'static> Spec for T {}

/// The configuration of a lower bound. Every [`LowerFormula`](crate::bounds::LowerFormula) is one.
///
/// ```
/// # use ebm_core::bounds::{Estimate, GeneratorView, Guarantee, Level, LowerBound, Measurement};
/// # use ebm_core::error::{BoundError, ConfigError};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// #
/// # /// The same value whatever the generator: it bounds nothing.
/// # struct Constant(f64);
/// #
/// # ebm_core::no_parameters!(Constant);
/// #
/// # impl<G: Geometry> LowerBound<G> for Constant {
/// #     fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
/// #         let claim = Guarantee::heuristic("a constant");
/// #         let measurement = Measurement::exact(self.0, view.batch(), claim);
/// #         Ok(Estimate::new(view.tape.constant(self.0), measurement))
/// #     }
/// # }
/// use ebm_core::registry::LowerBoundSpec;
///
/// /// What stands in the table `lower`.
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct ConstantConfig {
///     /// The value, in nats.
///     nats: f64,
/// }
///
/// impl LowerBoundSpec for ConstantConfig {
///     fn check(&self) -> Result<(), ConfigError> {
///         ConfigError::require(self.nats.is_finite(), "nats", self.nats, "a finite number")
///     }
///     fn build<G: Geometry>(&self, _: G, _: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
///         Ok(Box::new(Constant(self.nats)))
///     }
/// }
///
/// let config: ConstantConfig = toml::from_str("nats = inf")?;
/// assert_eq!(config.check().unwrap_err().to_string(), "nats = inf: expected a finite number");
/// // One configuration builds the bound for any geometry.
/// assert_eq!(config.build(Fixed::<2, 2>, Random::new(0))?.parameter_count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of a lower bound",
    note = "for a bound that is a formula, implement `ebm_core::bounds::LowerFormula`; for one with networks or state of its own, `ebm_core::registry::LowerBoundSpec`",
    note = "an upper bound is registered with `register_upper_bound!`"
)]
pub trait LowerBoundSpec: Spec {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Builds the bound for a geometry; `random` seeds networks of its own.
    ///
    /// # Errors
    /// If an option does not fit the geometry.
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError>;
    /// The options of the optimiser of the bound's own networks; `None`: those of the player that it is trained with. The schedule
    /// is that player's.
    fn optimizer(&self) -> Option<OptimizerOptions> {
        None
    }
}

/// The configuration of an upper bound. Every [`UpperFormula`](crate::bounds::UpperFormula) is one.
///
/// ```
/// # use ebm_core::bounds::{EnergyView, Estimate, Guarantee, Level, Measurement, Target, UpperBound};
/// # use ebm_core::error::{BoundError, ConfigError};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// #
/// # /// No penalty at all.
/// # struct Free;
/// #
/// # ebm_core::no_parameters!(Free);
/// #
/// # impl<G: Geometry> UpperBound<G> for Free {
/// #     fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
/// #         let measurement = Measurement::exact(0.0, view.batch(), Guarantee::heuristic("nothing is bounded"));
/// #         Ok(Estimate::new(view.tape.constant(0.0), measurement))
/// #     }
/// #     fn target(&self) -> Target {
/// #         Target::Nothing
/// #     }
/// # }
/// use ebm_core::registry::UpperBoundSpec;
///
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct FreeConfig {}
///
/// impl UpperBoundSpec for FreeConfig {
///     fn check(&self) -> Result<(), ConfigError> {
///         Ok(())
///     }
///     fn build<G: Geometry>(&self, _: G, _: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
///         Ok(Box::new(Free))
///     }
/// }
///
/// let config: FreeConfig = toml::from_str("")?;
/// assert_eq!(config.check(), Ok(()));
/// assert_eq!(config.build(Fixed::<2, 2>, Random::new(0))?.target(), Target::Nothing);
/// assert!(toml::from_str::<FreeConfig>("weight = 1.0").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of an upper bound",
    note = "for a bound that is a formula, implement `ebm_core::bounds::UpperFormula`; for one with networks or state of its own, `ebm_core::registry::UpperBoundSpec`",
    note = "a lower bound is registered with `register_lower_bound!`"
)]
pub trait UpperBoundSpec: Spec {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Builds the bound for a geometry; `random` seeds networks of its own.
    ///
    /// # Errors
    /// If an option does not fit the geometry.
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError>;
    /// The options of the optimiser of the bound's own networks; `None`: those of the player that it is trained with. The schedule
    /// is that player's.
    fn optimizer(&self) -> Option<OptimizerOptions> {
        None
    }
}

/// The configuration of a generator.
///
/// ```
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::{Generator, closed_form::LinearGaussian};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// use ebm_core::registry::GeneratorSpec;
///
/// /// `G(z) = factor z`.
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct ScaledConfig {
///     /// The factor at the start.
///     factor: f64,
/// }
///
/// impl GeneratorSpec for ScaledConfig {
///     fn check(&self) -> Result<(), ConfigError> {
///         ConfigError::require(self.factor.is_finite(), "factor", self.factor, "a finite number")
///     }
///     fn latent_width(&self, data: usize) -> usize {
///         data
///     }
///     fn build<G: Geometry>(&self, geometry: G, _: Random) -> Result<Box<dyn Generator<G>>, ConfigError> {
///         let n = geometry.data_width();
///         let weight: Vec<f64> = (0..n * n).map(|k| if k % (n + 1) == 0 { self.factor } else { 0.0 }).collect();
///         Ok(Box::new(LinearGaussian::new(geometry, &weight, &vec![0.0; n], 0.0)))
///     }
/// }
///
/// let config: ScaledConfig = toml::from_str("factor = 2.0")?;
/// assert!(config.build(Fixed::<2, 2>, Random::new(0))?.facts().injective);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of a generator",
    note = "implement `ebm_core::registry::GeneratorSpec` for it"
)]
pub trait GeneratorSpec: Spec {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Number of latent dimensions d for data of `data` dimensions: as many, unless it says otherwise.
    fn latent_width(&self, data: usize) -> usize {
        data
    }
    /// Refuses a bound's need that generators of this configuration do not meet, by the option that would have to change.
    /// Nothing is refused unless it is known not to be met.
    ///
    /// # Errors
    /// That option, with what was expected.
    fn meets(&self, _need: Need) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Builds the generator with initial weights drawn from `random`.
    ///
    /// # Errors
    /// If an option does not fit the geometry.
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Generator<G>>, ConfigError>;
}

/// What to say where an upper bound meets an energy that cannot depend on time.
pub(crate) const NEEDS_TIME: &str = "an energy that can depend on a diffusion time";

/// The configuration of an energy.
///
/// ```
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::{Energy, closed_form::QuadraticEnergy};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// use ebm_core::registry::EnergySpec;
///
/// /// `E(x) = curvature/2 ||x||^2`.
/// #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct BowlConfig {
///     /// The curvature at the start.
///     curvature: f64,
/// }
///
/// impl EnergySpec for BowlConfig {
///     fn check(&self) -> Result<(), ConfigError> {
///         ConfigError::require(self.curvature > 0.0, "curvature", self.curvature, "a number > 0")
///     }
///     fn build<G: Geometry>(&self, geometry: G, _: Random) -> Result<Box<dyn Energy<G>>, ConfigError> {
///         let n = geometry.data_width();
///         let a: Vec<f64> = (0..n * n).map(|k| if k % (n + 1) == 0 { self.curvature } else { 0.0 }).collect();
///         Ok(Box::new(QuadraticEnergy::new(geometry, &a, &vec![0.0; n])))
///     }
/// }
///
/// let config: BowlConfig = toml::from_str("curvature = 3.0")?;
/// assert_eq!(config.build(Fixed::<2, 2>, Random::new(0))?.facts().log_sobolev, Some(3.0));
/// // It has no diffusion time, and says so.
/// assert_eq!(config.timed().unwrap_err().key, "kind");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of an energy",
    note = "implement `ebm_core::registry::EnergySpec` for it"
)]
pub trait EnergySpec: Spec {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// The same energy conditional on a diffusion time: itself if it is already.
    ///
    /// # Errors
    /// If it cannot or shall not be.
    fn timed(&self) -> Result<Self, ConfigError> {
        Err(ConfigError::new("kind", "an energy without a time", NEEDS_TIME))
    }
    /// Builds the energy with initial weights drawn from `random`.
    ///
    /// # Errors
    /// If an option does not fit the geometry.
    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn Energy<G>>, ConfigError>;
}

/// The configuration of a data set.
///
/// ```
/// # use std::path::Path;
/// # use ebm_core::data::{DataError, Dataset};
/// # use ebm_core::device::Real;
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// use ebm_core::registry::DatasetSpec;
///
/// /// N(0, s^2) on the line.
/// #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct Normal {
///     /// The standard deviation s.
///     deviation: f64,
/// }
///
/// impl Default for Normal {
///     fn default() -> Self {
///         Self { deviation: 1.0 }
///     }
/// }
///
/// impl Dataset for Normal {
///     fn width(&self) -> usize {
///         1
///     }
///     fn draw(&self, n: usize, random: Random) -> Vec<Real> {
///         random.normals(n).into_iter().map(|v| v * self.deviation as Real).collect()
///     }
///     fn held_out(&self, n: usize, random: Random) -> Vec<Real> {
///         self.draw(n, random.stream("held out"))
///     }
/// }
///
/// impl DatasetSpec for Normal {
///     fn check(&self) -> Result<(), ConfigError> {
///         ConfigError::require_not_negative("deviation", self.deviation)
///     }
///     fn load(&self, _: &Path, _: Random) -> Result<Box<dyn Dataset>, DataError> {
///         Ok(Box::new(self.clone()))
///     }
/// }
///
/// let config: Normal = toml::from_str("deviation = 0.0")?;
/// assert_eq!(config.check(), Ok(()));
/// assert_eq!(config.load(Path::new("."), Random::new(0))?.draw(2, Random::new(1)), [0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the configuration of a data set",
    note = "implement `ebm_core::registry::DatasetSpec` for it"
)]
pub trait DatasetSpec: Spec {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    /// Opens or prepares the data; relative paths are relative to `base`, the folder of the configuration file.
    ///
    /// # Errors
    /// If a file is missing or malformed.
    fn load(&self, base: &Path, random: Random) -> Result<Box<dyn Dataset>, DataError>;
}
