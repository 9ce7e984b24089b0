//! The folder of a sweep: what it holds, the script that trains its runs on a cluster, and what they came to.

mod manifest;
mod script;
mod table;

pub use manifest::{Manifest, SWEEP, id};
pub use script::script;
pub use table::SweepTable;
