//! A comparison of bounds: a grid of runs, one for each pair of bounds and each seed, and what they came to.

mod base64;
mod directory;
mod html;
mod outcome;
mod pace;
mod pictures;
mod report;
mod table;

pub use directory::{COMPARISON, ComparisonMarker};
pub use outcome::{Baseline, Cell, Comparison, Pair, Row};
pub use pace::{Pace, Stepper, measure};
pub use report::write_report;
