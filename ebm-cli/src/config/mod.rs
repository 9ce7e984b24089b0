//! The configuration of a run: layers of values, checked and turned into components, and its text forms.

mod comparison;
pub mod defaults;
mod earlier_releases;
mod example;
mod fault;
mod grid;
mod layers;
pub(crate) mod options;
mod points;
mod resolve;
mod run_config;
pub mod schema;
mod section;
mod shortened;
mod show;
pub mod suggest;
mod sweep;
mod value;
mod watched;

pub use example::example;
pub use fault::{ConfigFault, Origin};
pub use grid::Grid;
pub use layers::{COMPONENTS, KIND, Layers, Merged, PREFIX};
pub use points::Point;
pub use resolve::Resolved;
pub use run_config::{CheckpointConfig, LogConfig, RunConfig};
pub use show::show;
pub use sweep::{LocalConfig, MOST_JOBS, RandomSearch, SlurmConfig, Sweep, SweepSpec};
pub use watched::check_watched;

pub use earlier_releases::read_written;
use layers::environment;
use std::path::Path;

use crate::run_directory::regular;

/// Reads a file, the process's environment and `--set` assignments, with the [defaults] for its data; fails at the first fault.
/// Relative paths of data start from the folder of the file, unless `data` names another.
pub fn load(path: &Path, data: Option<&Path>, assignments: &[String]) -> Result<Resolved, ConfigFault> {
    let file = Layers::default().file(path)?;
    let outside = |layers: Layers| layers.environment(environment()).sets(assignments);
    let whole = outside(file.clone())?;
    outside(defaults::beneath(file, whole, defaults::folder(path, data))?)?.resolve()
}

/// Reads the configuration that a run keeps, with nothing above it.
pub fn load_alone(path: &Path) -> Result<Resolved, ConfigFault> {
    written(path)?.resolve()
}

/// As [`load`], of the configuration that a run keeps.
pub fn load_written(path: &Path, assignments: &[String]) -> Result<Resolved, ConfigFault> {
    written(path)?.environment(environment()).sets(assignments)?.resolve()
}

/// A file that this program or an earlier release wrote.
fn written(path: &Path) -> Result<Layers, ConfigFault> {
    let origin = Origin::File(path.into());
    let text = regular::read_text(path).map_err(|error| ConfigFault::new(origin.clone(), error))?;
    let mut table = Layers::table(&origin, &text)?;
    earlier_releases::keep_two_parts(&mut table);
    Ok(Layers::default().above(origin, value::of_table(table)))
}
