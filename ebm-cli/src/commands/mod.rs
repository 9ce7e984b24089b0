//! The commands of the program, one a file.

mod bench;
mod bounds;
mod build;
mod compare;
mod config;
#[cfg(feature = "conformance")]
mod conformance;
mod data;
mod diagnose;
mod distance;
mod ending;
mod evaluate;
mod export;
mod fresh_trainer;
pub(crate) mod loaded_run;
mod new;
mod ood;
mod pictures;
mod reference;
mod runs;
mod sample;
mod sample_pictures;
mod selftest;
mod starting_points;
mod summary;
mod sweep;
mod train;
mod watch;

use clap::CommandFactory;
use ebm_core::device::check_device;
use std::io::Write;
use std::path::Path;

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure, OrExit};
use crate::plots::write_atomically;

/// Does what the command line says.
///
/// # Errors
/// What went wrong, with its exit code.
pub fn run(command: Command) -> Result<Exit, Failure> {
    if computes(&command) {
        check_device().or_exit(Exit::Other)?;
    }
    match command {
        Command::Train(arguments) => train::run(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Diagnose(arguments) => diagnose::run(&arguments),
        Command::Distance(arguments) => distance::run(&arguments),
        Command::Ood(arguments) => ood::run(&arguments),
        Command::Sample(arguments) => sample::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Data(command) => data::run(&command),
        Command::Runs(command) => runs::run(&command),
        Command::Bounds(command) => bounds::run(&command),
        Command::New(command) => new::run(&command),
        Command::Build(arguments) => build::run(&arguments),
        Command::Config(command) => config::run(&command),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Selftest(arguments) => selftest::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "ebm", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
    }
}

/// Whether the command has models or metrics to compute, for which it needs the device. `ebm train` finds out by itself: where
/// it is one of several processes, which device that is.
fn computes(command: &Command) -> bool {
    matches!(
        command,
        Command::Evaluate(_)
            | Command::Diagnose(_)
            | Command::Ood(_)
            | Command::Sample(_)
            | Command::Export(_)
            | Command::Selftest(_)
            | Command::Bench(_)
    )
}

/// Writes a file whole, or leaves what was there.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = write_atomically(path, |file| file.write_all(bytes));
    let failed = |error| anyhow::Error::new(error).context(format!("{}: cannot write the file", path.display()));
    written.map_err(failed).or_exit(Exit::Other)
}

/// Prints to stdout. A reader that has seen enough (`ebm bounds list | head -1`) is no error.
fn print(text: &str) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).or_exit(Exit::Other),
        _ => Ok(Exit::Success),
    }
}
