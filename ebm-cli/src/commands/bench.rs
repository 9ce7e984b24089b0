//! `ebm bench`: times training with this build on this machine.

use clap::Args;
use ebm_core::device::check_device;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::arguments::seconds;
use crate::bench::{PROBLEMS, Problem, Timings};
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::machine::Machine;
use crate::output::{folder_of, print, print_json, write_whole};

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

pub fn run(arguments: &Bench) -> Result<Exit, Failure> {
    let problems = chosen(arguments.filter.as_deref())?;
    let to_stdout = arguments.json.as_deref() == Some(Path::new("-"));
    let file = arguments.json.as_deref().filter(|_| !to_stdout);
    // Checked before the work, not after it.
    if let Some(path) = file.filter(|path| path.is_dir() || !folder_of(path).is_dir()) {
        fail!(Exit::Usage, "--json {}: expected a file in a folder that is there, or -", path.display());
    }
    check_device().or_exit(Exit::Other)?;
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
    let filter = filter.unwrap_or_default();
    let wanted = filter.to_lowercase();
    let found: Vec<Problem> = PROBLEMS.into_iter().filter(|problem| problem.name.contains(&wanted)).collect();
    if found.is_empty() {
        let names = PROBLEMS.map(|problem| problem.name).join(", ");
        fail!(Exit::Usage, "--filter {filter}: no problem has that in its name; there are {names}");
    }
    Ok(found)
}
