//! The log of a run.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

use super::{RunDirectoryError, layout};

/// Sends what is traced to the end of the run's log, from now on. `RUST_LOG` selects what; by default, `info` and above.
///
/// # Errors
/// If the file cannot be made.
pub fn log_to(directory: &Path) -> Result<(), RunDirectoryError> {
    let path = directory.join(layout::LOG);
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(RunDirectoryError::io(&path, "make the file"))?;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file));
    // A program that embeds this one may have a subscriber already; it gets the events then.
    let _ = subscriber.try_init();
    Ok(())
}
