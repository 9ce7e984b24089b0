//! One call registers a component.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::ParseError;

#[doc(hidden)]
pub fn parse_as<T: DeserializeOwned>(table: serde_json::Value) -> Result<T, ParseError> {
    serde_path_to_error::deserialize(table).map_err(|e| ParseError {
        path: match e.path().to_string().as_str() {
            "." => String::new(),
            path => path.to_string(),
        },
        message: e.inner().to_string(),
    })
}

#[doc(hidden)]
pub fn schema_of<T: JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}

#[doc(hidden)]
#[macro_export]
macro_rules! __submit_descriptor {
    ($config:ty, $object:ident, $name:literal, $summary:literal, $reference:literal, $guarantee:expr, $needs:expr) => {
        $crate::inventory::submit! {
            $crate::registry::Descriptor::<dyn $crate::registry::$object> {
                name: $name,
                crate_name: env!("CARGO_PKG_NAME"),
                crate_version: env!("CARGO_PKG_VERSION"),
                summary: $summary,
                reference: $reference,
                guarantee: $guarantee,
                needs: $needs,
                example: || Box::new(<$config>::default()),
                schema: $crate::registry::schema_of::<$config>,
                parse: |table| {
                    $crate::registry::parse_as::<$config>(table)
                        .map(|c| Box::new(c) as Box<dyn $crate::registry::$object>)
                },
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __implement_config {
    ($config:ty, $object:ident, $spec:ident, $module:ident, $product:ident, $name:literal $(, $extra:item)*) => {
        #[typetag::serde(name = $name)]
        impl $crate::registry::$object for $config {
            fn check(&self) -> Result<(), $crate::error::ConfigError> {
                $crate::registry::$spec::check(self)
            }
            fn build_plane(
                &self,
                g: $crate::geometry::Fixed<2, 2>,
                random: $crate::random::Random,
            ) -> Result<Box<dyn $crate::$module::$product<$crate::geometry::Fixed<2, 2>>>, $crate::error::ConfigError> {
                $crate::registry::$spec::build(self, g, random)
            }
            fn build_runtime(
                &self,
                g: $crate::geometry::Runtime,
                random: $crate::random::Random,
            ) -> Result<Box<dyn $crate::$module::$product<$crate::geometry::Runtime>>, $crate::error::ConfigError> {
                $crate::registry::$spec::build(self, g, random)
            }
            fn clone_box(&self) -> Box<dyn $crate::registry::$object> {
                Box::new(self.clone())
            }
            $($extra)*
        }
    };
}

/// Registers a lower bound: makes its configuration readable by name and submits its descriptor.
///
/// The configuration implements [`LowerBoundSpec`](crate::registry::LowerBoundSpec). The calling crate depends on `typetag` and `serde`.
///
/// ```
/// # use ebm_core::bounds::{Estimate, GeneratorView, Guarantee, Level, LowerBound, Measurement};
/// # use ebm_core::error::{BoundError, ConfigError};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
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
/// use ebm_core::registry::{LowerBoundConfig, LowerBoundSpec, find};
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
/// ebm_core::register_lower_bound!(
///     ConstantConfig,
///     name: "example-constant",
///     summary: "a constant",
///     reference: "none",
///     guarantee: Level::Heuristic,
///     needs: &[],
/// );
///
/// // It is there by its name, in the registry and in configuration files.
/// assert_eq!(find::<dyn LowerBoundConfig>("example-constant").unwrap().summary, "a constant");
/// let config: Box<dyn LowerBoundConfig> = toml::from_str("kind = \"example-constant\"\nnats = 1.5")?;
/// assert_eq!(config.check(), Ok(()));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[macro_export]
macro_rules! register_lower_bound {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal,
     guarantee: $guarantee:expr, needs: $needs:expr $(,)?) => {
        $crate::__implement_config!(
            $config,
            LowerBoundConfig,
            LowerBoundSpec,
            bounds,
            LowerBound,
            $name,
            fn optimizer(&self) -> Option<$crate::optimizer::OptimizerOptions> {
                $crate::registry::LowerBoundSpec::optimizer(self)
            }
        );
        $crate::__submit_descriptor!(
            $config,
            LowerBoundConfig,
            $name,
            $summary,
            $reference,
            Some($guarantee),
            $needs
        );
    };
}

/// Registers an upper bound: makes its configuration readable by name and submits its descriptor.
///
/// The configuration implements [`UpperBoundSpec`](crate::registry::UpperBoundSpec). The calling crate depends on `typetag` and `serde`.
///
/// ```
/// # use ebm_core::bounds::{EnergyView, Estimate, Guarantee, Level, Measurement, Target, UpperBound};
/// # use ebm_core::error::{BoundError, ConfigError};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
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
/// use ebm_core::registry::{UpperBoundConfig, UpperBoundSpec, find};
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
/// ebm_core::register_upper_bound!(
///     FreeConfig,
///     name: "example-free",
///     summary: "no penalty",
///     reference: "none",
///     guarantee: Level::Heuristic,
///     needs: &[],
/// );
///
/// assert_eq!(find::<dyn UpperBoundConfig>("example-free").unwrap().summary, "no penalty");
/// let config: Box<dyn UpperBoundConfig> = toml::from_str("kind = \"example-free\"")?;
/// assert_eq!(config.check(), Ok(()));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[macro_export]
macro_rules! register_upper_bound {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal,
     guarantee: $guarantee:expr, needs: $needs:expr $(,)?) => {
        $crate::__implement_config!(
            $config,
            UpperBoundConfig,
            UpperBoundSpec,
            bounds,
            UpperBound,
            $name,
            fn optimizer(&self) -> Option<$crate::optimizer::OptimizerOptions> {
                $crate::registry::UpperBoundSpec::optimizer(self)
            }
        );
        $crate::__submit_descriptor!(
            $config,
            UpperBoundConfig,
            $name,
            $summary,
            $reference,
            Some($guarantee),
            $needs
        );
    };
}

/// Registers a generator, whose configuration implements [`GeneratorSpec`](crate::registry::GeneratorSpec).
///
/// ```
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::{Generator, closed_form::LinearGaussian};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// use ebm_core::registry::{GeneratorConfig, GeneratorSpec};
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
/// ebm_core::register_generator!(ScaledConfig, name: "example-scaled", summary: "a multiple of z", reference: "none");
///
/// let config: Box<dyn GeneratorConfig> = toml::from_str("kind = \"example-scaled\"\nfactor = 2.0")?;
/// assert_eq!((config.check(), config.latent_width(5)), (Ok(()), 5));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[macro_export]
macro_rules! register_generator {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal $(,)?) => {
        $crate::__implement_config!(
            $config,
            GeneratorConfig,
            GeneratorSpec,
            models,
            Generator,
            $name,
            fn latent_width(&self, data: usize) -> usize {
                $crate::registry::GeneratorSpec::latent_width(self, data)
            },
            fn meets(&self, need: $crate::registry::Need) -> Result<(), $crate::error::ConfigError> {
                $crate::registry::GeneratorSpec::meets(self, need)
            }
        );
        $crate::__submit_descriptor!($config, GeneratorConfig, $name, $summary, $reference, None, &[]);
    };
}

/// Registers an energy, whose configuration implements [`EnergySpec`](crate::registry::EnergySpec).
///
/// ```
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::{Energy, closed_form::QuadraticEnergy};
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// use ebm_core::registry::{EnergyConfig, EnergySpec};
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
/// ebm_core::register_energy!(BowlConfig, name: "example-bowl", summary: "a quadratic", reference: "none");
///
/// let config: Box<dyn EnergyConfig> = toml::from_str("kind = \"example-bowl\"\ncurvature = 0.0")?;
/// assert_eq!(config.check().unwrap_err().key, "curvature");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[macro_export]
macro_rules! register_energy {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal $(,)?) => {
        $crate::__implement_config!(
            $config,
            EnergyConfig,
            EnergySpec,
            models,
            Energy,
            $name,
            fn timed(&self) -> Result<Box<dyn $crate::registry::EnergyConfig>, $crate::error::ConfigError> {
                let timed = $crate::registry::EnergySpec::timed(self)?;
                Ok(Box::new(timed))
            }
        );
        $crate::__submit_descriptor!($config, EnergyConfig, $name, $summary, $reference, None, &[]);
    };
}

/// Registers a data set, whose configuration implements [`DatasetSpec`](crate::registry::DatasetSpec).
///
/// ```
/// # use std::path::Path;
/// # use ebm_core::data::{DataError, Dataset};
/// # use ebm_core::device::Real;
/// # use ebm_core::error::ConfigError;
/// # use ebm_core::random::Random;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// use ebm_core::registry::{DatasetConfig, DatasetSpec};
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
/// ebm_core::register_dataset!(Normal, name: "example-normal", summary: "normal on the line", reference: "none");
///
/// let config: Box<dyn DatasetConfig> = toml::from_str("kind = \"example-normal\"\ndeviation = 2.0")?;
/// assert_eq!(config.load(Path::new("."), Random::new(0))?.draw(3, Random::new(1)).len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! register_dataset {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal $(,)?) => {
        #[typetag::serde(name = $name)]
        impl $crate::registry::DatasetConfig for $config {
            fn check(&self) -> Result<(), $crate::error::ConfigError> {
                $crate::registry::DatasetSpec::check(self)
            }
            fn load(
                &self,
                base: &std::path::Path,
                random: $crate::random::Random,
            ) -> Result<Box<dyn $crate::data::Dataset>, $crate::data::DataError> {
                $crate::registry::DatasetSpec::load(self, base, random)
            }
            fn clone_box(&self) -> Box<dyn $crate::registry::DatasetConfig> {
                Box::new(self.clone())
            }
        }
        $crate::__submit_descriptor!($config, DatasetConfig, $name, $summary, $reference, None, &[]);
    };
}
