//! Many runs at many points: planned, each trained in a process of its own, and collected into tables.
//!
//! A series is a list of points (pairs of bounds, or values of keys) with several seeds each. `ebm sweep` and `ebm compare`
//! differ in the points and in what they make of the results; everything between is here.

mod differences;
mod directory;
mod existing;
mod log;
mod metric;
mod outcome;
mod plan;
mod progress;
mod summary;
mod text;
mod workers;

pub use differences::{Difference, differences, phrase};
pub use directory::{Kind, LOGS, SeriesDirectory, json_text};
pub use existing::Existing;
pub use log::{end_line, start_line};
pub use metric::{Metric, rank};
pub use outcome::{Outcome, State};
pub use plan::{Plan, PlannedRun, verdict};
pub use summary::{Spread, Summary, number};
pub use text::{Table, escaped, fill};
