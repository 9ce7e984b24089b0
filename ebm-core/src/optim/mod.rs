//! Optimisers and learning-rate schedules.

mod adam;
mod average;
mod schedule;

pub use adam::{Adam, AdamConfig, collect_gradients, gradient_norm};
pub use average::average;
pub use schedule::{Course, Schedule};
