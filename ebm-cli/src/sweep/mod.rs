//! The folder of a sweep: its contents, the script that trains its runs on a cluster, and their results.

mod manifest;
mod script;
mod table;

pub use manifest::{Manifest, SWEEP, id};
pub use script::script;
pub use table::SweepTable;
