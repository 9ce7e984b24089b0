//! `ebm selftest`: checks that this machine computes correctly.

use clap::Args;
use ebm_core::device::check_device;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::exit::{Exit, Failure, OrExit, fail};
use crate::machine::Machine;
use crate::output::{print, print_json, write_whole};
use crate::selftest::{self, Reference, Report};

#[derive(Args, Debug)]
#[command(after_help = "\
The one command to run on a new machine, above all on one with a GPU: it compares values,
pushforwards and gradients on this build's device with those of a build in double precision on a
CPU, which are part of the program. Errors are relative to the largest value. Components without a
reference, such as your own, are run too, and their values must be finite.

Exit code 10: a value differs from the reference.

Examples:
  ebm selftest
  ebm selftest --filter conv
  ebm selftest --json > selftest.json
  ebm selftest --reference mine.safetensors        with models and bounds of your own, see --write")]
pub struct Selftest {
    /// Only run what has this in its name, such as \"kernel conv\" or sv
    #[arg(long, value_name = "NAME")]
    pub filter: Option<String>,
    /// Compare with the values in this file [default: those that are part of the program]
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
    /// Write the values of this build to a file for --reference; needs a build in double precision (feature f64)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filter", "reference", "json"])]
    pub write: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub fn run(arguments: &Selftest) -> Result<Exit, Failure> {
    check_device().or_exit(Exit::Other)?;
    if let Some(path) = &arguments.write {
        return write(path);
    }
    let reference = match &arguments.reference {
        Some(path) => Reference::load(path).or_exit(Exit::Data)?,
        None => Reference::embedded().or_exit(Exit::Other)?,
    };
    let machine = Machine::here();
    if !arguments.json {
        print(&format!("{machine}\n\n"))?;
    }
    let started = Instant::now();
    let report = selftest::run(&reference, arguments.filter.as_deref());
    let seconds = started.elapsed().as_secs_f64();
    if let (Some(filter), true) = (&arguments.filter, report.rows.is_empty()) {
        fail!(Exit::Usage, "--filter {filter}: nothing has that in its name; `ebm selftest` lists the names");
    }
    let failed = report.failed();
    match arguments.json {
        false => print(&format!("{report}; {seconds:.1} s\n"))?,
        true => print_json(&JsonReport { machine: &machine, seconds, failed, report: &report })?,
    };
    Ok(if failed { Exit::Selftest } else { Exit::Success })
}

#[derive(Serialize)]
struct JsonReport<'a> {
    machine: &'a Machine,
    seconds: f64,
    failed: bool,
    #[serde(flatten)]
    report: &'a Report,
}

fn write(path: &Path) -> Result<Exit, Failure> {
    if !ebm_core::device::DOUBLE_PRECISION {
        fail!(
            Exit::Usage,
            "--write {}: this build is in single precision; a reference is written by one in double precision on a CPU, \
             such as `cargo run --release --features f64 -- selftest --write {0}`",
            path.display()
        );
    }
    let reference = selftest::record();
    write_whole(path, &reference.encode().or_exit(Exit::Other)?)?;
    print(&format!("{}: {} cases\n", path.display(), reference.names().count()))
}
