//! The folder of a sweep: what it holds, the script that trains its runs on a cluster, and what they came to.

mod manifest;
mod outcome;
mod run_log;
mod script;
mod table;

pub use manifest::{Manifest, SWEEP, config_of, id, log_of, run_of};
pub use outcome::Outcome;
pub use run_log::{append, end_line, start_line};
pub use script::Script;
pub use table::Table;
