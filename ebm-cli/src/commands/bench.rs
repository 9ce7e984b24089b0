//! `ebm bench`: times training with this build on this machine.

use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arguments::seconds;
use crate::bench::{PROBLEMS, Problem, Timings};
use crate::exit::{Exit, Failure, OrExit};
use crate::machine::Machine;
use crate::output::{print, print_json, write_whole};

/// `ebm bench`.
#[derive(Args, Debug)]
#[command(after_help = "\
Problems: the papers' toy setting (sv+gp), 25-gaussians with mi+diffusion, fully connected and
convolutional networks for StackedMNIST, and the DCGANs of the released CIFAR-10 settings at batch 64.
The data are random numbers, so nothing is downloaded. FLOP are those of matrix products and
convolutions, counted as they are done.

Examples:
  ebm bench
  ebm bench --filter 25-gaussians --seconds 2
  ebm bench --json bench.json
  ebm bench --json - | jq '.problems[].steps_per_second'")]
pub struct Bench {
    /// Only time the problems with this in their name, such as dcgan or mi+diffusion
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Time to train on each problem, 0.01 to 3600; at least one step
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,
    /// Also write the timings to this file as JSON; - prints JSON instead of the tables
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &Bench) -> Result<Exit, Failure> {
    let problems = chosen(arguments.filter.as_deref())?;
    let to_stdout = arguments.json.as_deref() == Some(Path::new("-"));
    let file = arguments.json.as_deref().filter(|_| !to_stdout);
    // Checked before the work, not after it.
    file.map_or(Ok(()), writable)?;
    let duration = Duration::from_secs_f64(arguments.seconds);
    let timed: Result<_, Failure> = problems.iter().map(|problem| problem.time(duration)).collect();
    let timings = Timings { machine: Machine::here(), seconds: arguments.seconds, problems: timed? };
    if to_stdout {
        return print_json(&timings);
    }
    // Printed before the file is written, so that a full disk does not cost the work.
    let printed = print(&timings.to_string())?;
    if let Some(path) = file {
        let text = serde_json::to_string_pretty(&timings).or_exit(Exit::Other)?;
        write_whole(path, format!("{text}\n").as_bytes())?;
    }
    Ok(printed)
}

fn chosen(filter: Option<&str>) -> Result<Vec<Problem>, Failure> {
    let Some(filter) = filter else {
        return Ok(PROBLEMS.to_vec());
    };
    let wanted = filter.to_lowercase();
    let found: Vec<Problem> = PROBLEMS.into_iter().filter(|problem| problem.name.contains(&wanted)).collect();
    if found.is_empty() {
        let names = PROBLEMS.map(|problem| problem.name).join(", ");
        let message = format!("--filter {filter}: no problem has that in its name; there are {names}");
        return Err(Failure::message(Exit::Usage, message));
    }
    Ok(found)
}

fn writable(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
        let message = format!("--json {}: expected a file in a folder that is there, or -", path.display());
        return Err(Failure::message(Exit::Usage, message));
    }
    Ok(())
}
