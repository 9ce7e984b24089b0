//! The configuration of a run: layers of values, checked and turned into components, and its text forms.

mod checkpoint;
mod comparison;
mod earlier_releases;
mod example;
mod fault;
mod grid;
mod layers;
mod log_config;
pub(crate) mod options;
mod origin;
mod resolve;
mod run_config;
pub mod schema;
mod show;
pub mod suggest;
mod sweep;
mod value;

pub use checkpoint::CheckpointConfig;
pub use example::example;
pub use fault::ConfigFault;
pub use grid::Grid;
pub use layers::{COMPONENTS, KIND, Layers, Merged, PREFIX};
pub use log_config::LogConfig;
pub use origin::Origin;
pub use resolve::Resolved;
pub use run_config::RunConfig;
pub use show::show;
pub(crate) use sweep::labels;
pub use sweep::{LocalConfig, Point, RandomSearch, SlurmConfig, Sweep, SweepSpec, plain};

use std::ffi::OsString;
use std::path::Path;

/// Reads a file, the process's environment and `--set` assignments.
///
/// # Errors
/// The first fault found.
pub fn load(path: &Path, assignments: &[String]) -> Result<Resolved, ConfigFault> {
    Layers::default()
        .file(path)?
        .environment(environment())
        .sets(assignments)?
        .resolve()
}

/// Reads a file with nothing above it.
///
/// # Errors
/// The first fault found.
pub fn load_alone(path: &Path) -> Result<Resolved, ConfigFault> {
    Layers::default().file(path)?.resolve()
}

/// The process's environment, as far as it is text.
fn environment() -> Vec<(String, String)> {
    let text = |(name, text): (OsString, OsString)| Some((name.into_string().ok()?, text.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}
