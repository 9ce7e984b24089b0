//! Optimisers and learning-rate schedules.
//!
//! An optimiser is a configuration that implements [`UpdateRule`], and one call of
//! [`register_optimizer!`](crate::register_optimizer) that makes it known by its name.

mod adam;
mod adamw;
mod average;
mod choice;
mod gradient;
mod lion;
mod registration;
mod rmsprop;
mod rule;
mod schedule;
mod sgd;

pub use adam::AdamConfig;
pub use adamw::AdamWConfig;
pub use average::average;
pub use choice::OptimizerChoice;
pub use ebm_core::parameter::collect_gradients;
pub use gradient::Gradient;
pub use lion::LionConfig;
pub use registration::OptimizerConfig;
pub use rmsprop::RmspropConfig;
pub use rule::{Kept, Optimizer, Stateful, Update, UpdateRule, check_options};
pub use schedule::{Course, Schedule};
pub use sgd::SgdConfig;

/// The optimiser Adam with its state.
pub type Adam = Stateful<AdamConfig>;
