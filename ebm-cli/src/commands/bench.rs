//! `ebm bench`: how fast this build trains on this machine.

use std::path::Path;
use std::time::Duration;

use super::{print, write_whole};
use crate::bench::{PROBLEMS, Problem, Timings};
use crate::cli::Bench;
use crate::exit::{Exit, Failure, OrExit};
use crate::machine::Machine;

/// Does it.
///
/// # Errors
/// If no problem has the name asked for, training breaks down, or the file cannot be written.
pub fn run(arguments: &Bench) -> Result<Exit, Failure> {
    let problems = asked(arguments.filter.as_deref())?;
    let to_stdout = arguments.json.as_deref() == Some(Path::new("-"));
    if let Some(path) = arguments.json.as_deref().filter(|_| !to_stdout) {
        // Before the work, not after it.
        writable(path)?;
    }
    let duration = Duration::from_secs_f64(arguments.seconds);
    let timings = Timings {
        machine: Machine::here(),
        seconds: arguments.seconds,
        problems: problems
            .into_iter()
            .map(|problem| problem.time(duration))
            .collect::<Result<_, _>>()?,
    };
    let json = || serde_json::to_string_pretty(&timings).or_exit(Exit::Other);
    if to_stdout {
        return print(&format!("{}\n", json()?));
    }
    // Before the file, so that a full disk does not cost the work.
    let printed = print(&timings.to_string())?;
    if let Some(path) = &arguments.json {
        write_whole(path, format!("{}\n", json()?).as_bytes())?;
    }
    Ok(printed)
}

fn asked(filter: Option<&str>) -> Result<Vec<Problem>, Failure> {
    let matches = |problem: &Problem| filter.is_none_or(|filter| problem.name.contains(&filter.to_lowercase()));
    let found: Vec<Problem> = PROBLEMS.into_iter().filter(matches).collect();
    match (found.is_empty(), filter) {
        (true, Some(filter)) => {
            let names = PROBLEMS.map(|problem| problem.name).join(", ");
            let message = format!("--filter {filter}: no problem has that in its name; there are {names}");
            Err(Failure::message(Exit::Usage, message))
        }
        _ => Ok(found),
    }
}

fn writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
        let message = format!(
            "--json {}: expected a file in a folder that is there, or -",
            path.display()
        );
        return Err(Failure::message(Exit::Usage, message));
    }
    Ok(())
}
