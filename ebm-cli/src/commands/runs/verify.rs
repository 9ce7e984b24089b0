//! `ebm runs verify`: whether everything of a run is what was written.

use ebm_train::state_file;
use std::path::{Path, PathBuf};

use crate::commands::print;
use crate::exit::{Exit, Failure, OrExit};
use crate::run_directory::{MetricsFile, MetricsReader, RunDirectory, RunDirectoryError};

/// Re-hashes every file of every checkpoint, and reads configuration, metrics and weights.
///
/// # Errors
/// If a path holds no run, or something of a run is damaged; all that is has been told then.
pub fn run(runs: &[PathBuf]) -> Result<Exit, Failure> {
    let mut damaged = 0;
    for run in runs {
        let (directory, _) = RunDirectory::open(run).or_exit(Exit::RunDirectory)?;
        let mut text = format!("{}\n", run.display());
        for (what, outcome) in parts(&directory) {
            damaged += usize::from(outcome.is_err());
            match outcome {
                Ok(how) => text.push_str(&format!("  {what}: {how}\n")),
                Err(error) => text.push_str(&format!("  {what}: DAMAGED: {error}\n")),
            }
        }
        print(&text)?;
    }
    match damaged {
        0 => Ok(Exit::Success),
        count => Err(Failure::message(Exit::RunDirectory, format!("damaged parts: {count}"))),
    }
}

type Verdict = (String, Result<String, RunDirectoryError>);

fn parts(directory: &RunDirectory) -> Vec<Verdict> {
    let mut parts = vec![
        ("configuration".into(), directory.read_config().map(|_| "good".into())),
        ("metrics".into(), metrics(directory.path())),
    ];
    for (player, path) in directory.weight_files() {
        let read = state_file::load(&path).map(|state| format!("good, {} arrays", state.len()));
        let read = read.map_err(|source| RunDirectoryError::Weights {
            player: player.clone(),
            source,
        });
        parts.push((format!("weights of {player}"), read));
    }
    for checkpoint in directory.checkpoints().list() {
        let verified = checkpoint.verify().map_err(RunDirectoryError::from);
        let verified = verified.and_then(|manifest| {
            MetricsFile::check(directory.path(), &manifest.metrics)?;
            Ok(format!("good, {} files", manifest.files.len()))
        });
        parts.push((format!("checkpoint of step {}", checkpoint.step), verified));
    }
    parts
}

fn metrics(directory: &Path) -> Result<String, RunDirectoryError> {
    let mut count = 0;
    for line in MetricsReader::open(directory)? {
        line?;
        count += 1;
    }
    Ok(format!("good, {count} lines"))
}
