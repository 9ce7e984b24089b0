use std::fmt::Debug;

use super::rule::Optimizer;
use ebm_core::{error::ConfigError, parameter::Module, registry::Registered};

/// A registered optimiser's configuration, implemented by [`register_optimizer!`](crate::register_optimizer).
#[typetag::serde(tag = "kind")]
pub trait OptimizerConfig: Debug + Send + Sync {
    /// Refuses the first value that cannot be used, with what was expected.
    fn check(&self) -> Result<(), ConfigError>;
    /// The learning rate before the schedule's factor.
    fn learning_rate(&self) -> f64;
    /// Number of arrays that it keeps for every parameter.
    fn arrays(&self) -> usize;
    /// The optimiser of the trained parameters of `module`.
    fn build(&self, module: &dyn Module) -> Box<dyn Optimizer>;
    /// A copy.
    fn clone_box(&self) -> Box<dyn OptimizerConfig>;
}

impl Clone for Box<dyn OptimizerConfig> {
    fn clone(&self) -> Self {
        self.clone_box()
    }
}

impl Registered for dyn OptimizerConfig {
    const KIND: &'static str = "optimizer";
}

/// Registers an optimiser: makes its configuration readable by name and submits its descriptor.
///
/// The configuration implements [`UpdateRule`](crate::optim::UpdateRule). The calling crate depends on `typetag`, `serde` and
/// `ebm-core`.
///
/// ```
/// use ebm_core::buffers::native::Array;
/// use ebm_core::device::Real;
/// use ebm_core::error::ConfigError;
/// use ebm_core::parameter::Parameter;
/// use ebm_train::optim::{Kept, OptimizerChoice, Update, UpdateRule, check_options};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// /// Gradient descent: `w = w - rate g`.
/// #[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields, default)]
/// struct Sgd {
///     /// Learning rate before the schedule's factor.
///     learning_rate: f64,
/// }
///
/// impl Default for Sgd {
///     fn default() -> Self {
///         Self { learning_rate: 0.01 }
///     }
/// }
///
/// impl UpdateRule for Sgd {
///     const STATE: &'static [&'static str] = &[];
///     fn check(&self) -> Result<(), ConfigError> {
///         check_options(self.learning_rate, &[], 0.0, 0.0)
///     }
///     fn learning_rate(&self) -> f64 {
///         self.learning_rate
///     }
///     fn clip(&self) -> f64 {
///         0.0
///     }
///     fn apply(&self, update: &Update, gradient: &Array, _: Kept<'_>, parameter: &mut Parameter) {
///         let step = update.rate as Real * update.scale;
///         let gradient = ebm_core::buffers::native::to_host(gradient);
///         let values: Vec<Real> = parameter.values().iter().zip(gradient).map(|(w, g)| w - step * g).collect();
///         parameter.set(&values);
///     }
/// }
///
/// ebm_train::register_optimizer!(Sgd, name: "example-sgd", summary: "gradient descent", reference: "Cauchy, 1847");
///
/// let optimizer: OptimizerChoice = toml::from_str("kind = \"example-sgd\"\nlearning_rate = 0.5")?;
/// assert_eq!(optimizer.learning_rate(), 0.5);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[macro_export]
macro_rules! register_optimizer {
    ($config:ty, name: $name:literal, summary: $summary:literal, reference: $reference:literal $(,)?) => {
        #[typetag::serde(name = $name)]
        impl $crate::optim::OptimizerConfig for $config {
            fn check(&self) -> Result<(), ebm_core::error::ConfigError> {
                $crate::optim::UpdateRule::check(self)
            }
            fn learning_rate(&self) -> f64 {
                $crate::optim::UpdateRule::learning_rate(self)
            }
            fn arrays(&self) -> usize {
                <Self as $crate::optim::UpdateRule>::STATE.len()
            }
            fn build(&self, module: &dyn ebm_core::parameter::Module) -> Box<dyn $crate::optim::Optimizer> {
                Box::new($crate::optim::Stateful::new(self.clone(), module))
            }
            fn clone_box(&self) -> Box<dyn $crate::optim::OptimizerConfig> {
                Box::new(self.clone())
            }
        }
        ebm_core::__submit_descriptor!($config, plain dyn $crate::optim::OptimizerConfig, $name, $summary, $reference);
    };
}
