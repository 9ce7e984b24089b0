//! `ebm runs prune`: fewer checkpoints.

use std::path::PathBuf;

use super::bytes;
use crate::commands::print;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{RunDirectory, RunDirectoryError, size};

/// Removes all but the last checkpoints, and the best, of runs that nobody trains.
///
/// # Errors
/// If a path holds no run, or somebody trains it.
pub fn run(runs: &[PathBuf], keep: usize, dry: bool) -> Result<Exit, Failure> {
    for run in runs {
        let (directory, _) = RunDirectory::take(run).or_exit(Exit::RunDirectory)?;
        let checkpoints = directory.checkpoints();
        let going = checkpoints.old(keep);
        let freed: u64 = going.iter().map(|checkpoint| size(&checkpoint.path)).sum();
        if !dry {
            let done = checkpoints.sweep().and_then(|()| checkpoints.prune(keep).map(drop));
            done.map_err(RunDirectoryError::from).or_exit(Exit::RunDirectory)?;
        }
        let steps: Vec<String> = going.iter().map(|checkpoint| checkpoint.step.to_string()).collect();
        let what = match steps.len() {
            0 => "nothing to remove".into(),
            _ => format!(
                "{} of steps {} ({})",
                if dry {
                    "would remove checkpoints"
                } else {
                    "removed checkpoints"
                },
                steps.join(", "),
                bytes(freed)
            ),
        };
        print(&format!("{}: {what}\n", run.display()))?;
    }
    Ok(Exit::Success)
}
