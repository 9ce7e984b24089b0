//! A comparison of bounds: a grid of runs, one for each pair of bounds and each seed, and what they came to.

mod base64;
mod differences;
mod directory;
mod html;
mod outcome;
mod pace;
mod pictures;
mod record;
mod report;
mod spread;
mod standing;
mod table;
mod workers;

pub use differences::{Difference, differences, phrase};
pub use directory::{ComparisonDirectory, ComparisonMarker};
pub use outcome::{Baseline, Cell, Comparison, Pair, Row};
pub use pace::{Pace, Stepper, measure};
pub use record::{End, Record};
pub use report::write_report;
pub use standing::Standing;
pub use workers::{Event, Task, train_all};
