//! Optimisers and learning-rate schedules.

mod adam;
mod average;
mod gradient;
mod joined;
mod schedule;

pub use adam::Adam;
pub use average::average;
pub use ebm_core::optimizer::AdamConfig;
pub use ebm_core::parameter::{collect_gradients, gradient_norm};
pub(crate) use gradient::Gradient;
pub(crate) use joined::Joined;
pub use schedule::{Course, Schedule};
