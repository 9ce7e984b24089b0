//! How fast this build trains on this machine: standard problems, timed with data that need no download.
//!
//! Nothing here depends on what the data are but the losses: they are standard normal numbers of the data's width.

mod measurement;
mod problem;
mod report;

pub use measurement::Measured;
pub use problem::{PROBLEMS, Problem};
pub use report::Timings;
