//! Optimisers and learning-rate schedules.

mod adam;
mod average;
#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;
mod gradient;
mod joined;
mod schedule;
mod step;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

pub use adam::{Adam, AdamConfig};
pub use average::average;
pub(crate) use gradient::Gradient;
pub use gradient::{collect_gradients, gradient_norm};
pub(crate) use joined::Joined;
pub use schedule::{Course, Schedule};
#[cfg(device_kernels)]
pub(crate) use step::Step;
