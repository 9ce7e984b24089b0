//! The macros that register a component: one call each.

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

/// Submits the descriptor of a configuration: of type `$config`, held as the trait object `$object`.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_descriptor {
    // What claims nothing and needs nothing.
    ($config:ty, plain $object:ty, $name:literal, $summary:literal, $reference:literal) => {
        $crate::__submit_descriptor!($config, $object, $name, $summary, $reference, None, &[], &[]);
    };
    ($config:ty, $object:ty, $name:literal, $summary:literal, $reference:literal, $guarantee:expr, $needs:expr,
     $approximate:expr) => {
        $crate::inventory::submit! {
            $crate::registry::Entry::new(&$crate::registry::Descriptor::<$object> {
                name: $name,
                crate_name: env!("CARGO_PKG_NAME"),
                crate_version: env!("CARGO_PKG_VERSION"),
                summary: $summary,
                reference: $reference,
                guarantee: $guarantee,
                needs: $needs,
                approximate_gradient: $approximate,
                example: || Box::new(<$config>::default()),
                schema: $crate::registry::schema_of::<$config>,
                parse: |table| $crate::registry::parse_as::<$config>(table).map(|c| Box::new(c) as Box<$object>),
            })
        }
    };
}

/// Implements a trait of `configs.rs` for a configuration that implements the one of `specs.rs` beside it.
#[doc(hidden)]
#[macro_export]
macro_rules! __implement_config {
    ($config:ty, $object:ident, $spec:ident, $module:ident, $product:ident, $name:literal; $($extra:item)*) => {
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
            fn size(&self, dimensions: $crate::registry::Dimensions) -> Option<$crate::registry::Size> {
                $crate::registry::$spec::size(self, dimensions)
            }
            fn clone_box(&self) -> Box<dyn $crate::registry::$object> {
                Box::new(self.clone())
            }
            $($extra)*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __register_bound {
    ($config:ty, $object:ident, $spec:ident, $product:ident,
     name: $name:literal, summary: $summary:literal, reference: $reference:literal,
     guarantee: $guarantee:expr, needs: $needs:expr
     $(, approximate_gradient: [$($choice:literal),+ $(,)?])? $(,)?) => {
        $crate::__implement_config! {
            $config, $object, $spec, bounds, $product, $name;
            fn optimizer(&self) -> Option<$crate::optimizer::OptimizerOptions> {
                $crate::registry::$spec::optimizer(self)
            }
            fn needs(&self) -> &'static [$crate::registry::Need] {
                $crate::registry::$spec::needs(self)
            }
        }
        $crate::__submit_descriptor! {
            $config, dyn $crate::registry::$object, $name, $summary, $reference, Some($guarantee), $needs,
            &[$($($choice),+)?]
        }
    };
}

/// Registers a lower bound: makes its configuration readable by name and submits its descriptor.
///
/// The configuration implements [`LowerBoundSpec`](crate::registry::LowerBoundSpec). The calling crate depends on `typetag`
/// and `serde`. See [`registry`](crate::registry) for an example.
///
/// After `needs`, `approximate_gradient: ["solver.iterative"]` names the choices of options with which the gradient is not that
/// of the value, so that it is not compared with differences.
#[macro_export]
macro_rules! register_lower_bound {
    ($config:ty, $($description:tt)*) => {
        $crate::__register_bound!($config, LowerBoundConfig, LowerBoundSpec, LowerBound, $($description)*);
    };
}

/// Registers an upper bound, whose configuration implements [`UpperBoundSpec`](crate::registry::UpperBoundSpec), as
/// [`register_lower_bound!`] does a lower one.
#[macro_export]
macro_rules! register_upper_bound {
    ($config:ty, $($description:tt)*) => {
        $crate::__register_bound!($config, UpperBoundConfig, UpperBoundSpec, UpperBound, $($description)*);
    };
}

/// Registers a generator, whose configuration implements [`GeneratorSpec`](crate::registry::GeneratorSpec).
#[macro_export]
macro_rules! register_generator {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal $(,)?) => {
        $crate::__implement_config! {
            $config, GeneratorConfig, GeneratorSpec, models, Generator, $name;
            fn latent_width(&self, data: usize) -> usize {
                $crate::registry::GeneratorSpec::latent_width(self, data)
            }
            fn rank(&self, data: usize) -> usize {
                $crate::registry::GeneratorSpec::rank(self, data)
            }
            fn meets(&self, need: $crate::registry::Need) -> Result<(), $crate::error::ConfigError> {
                $crate::registry::GeneratorSpec::meets(self, need)
            }
        }
        $crate::__submit_descriptor!($config, plain dyn $crate::registry::GeneratorConfig, $name, $summary, $reference);
    };
}

/// Registers an energy, whose configuration implements [`EnergySpec`](crate::registry::EnergySpec).
#[macro_export]
macro_rules! register_energy {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal $(,)?) => {
        $crate::__implement_config! {
            $config, EnergyConfig, EnergySpec, models, Energy, $name;
            fn timed(&self) -> Result<Box<dyn $crate::registry::EnergyConfig>, $crate::error::ConfigError> {
                let timed = $crate::registry::EnergySpec::timed(self)?;
                Ok(Box::new(timed))
            }
        }
        $crate::__submit_descriptor!($config, plain dyn $crate::registry::EnergyConfig, $name, $summary, $reference);
    };
}

/// Registers a data set, whose configuration implements [`DatasetSpec`](crate::registry::DatasetSpec).
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
        $crate::__submit_descriptor!($config, plain dyn $crate::registry::DatasetConfig, $name, $summary, $reference);
    };
}
