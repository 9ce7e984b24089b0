//! The speed of training with this build on this machine: standard problems, timed with data that need no download.
//!
//! The data are standard normal numbers of the right width: nothing but the losses depends on their values.

mod measurement;
mod problem;
mod report;

pub use measurement::Measured;
pub use problem::{Normal, PROBLEMS, Problem};
pub use report::Timings;
