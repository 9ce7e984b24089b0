//! `ebm selftest`: whether this machine computes what it should.

use serde::Serialize;
use std::path::Path;
use std::time::Instant;

use super::{print, write_whole};
use crate::cli::Selftest;
use crate::exit::{Exit, Failure, OrExit};
use crate::machine::Machine;
use crate::selftest::{self, Reference, Report};

/// Does it.
///
/// # Errors
/// If the reference cannot be read or written, or nothing has the name asked for.
pub fn run(arguments: &Selftest) -> Result<Exit, Failure> {
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
        let message = format!("--filter {filter}: nothing has that in its name; `ebm selftest` lists the names");
        return Err(Failure::message(Exit::Usage, message));
    }
    if arguments.json {
        let told = Told {
            machine: &machine,
            seconds,
            failed: report.failed(),
            report: &report,
        };
        print(&format!(
            "{}\n",
            serde_json::to_string_pretty(&told).or_exit(Exit::Other)?
        ))?;
    } else {
        print(&format!("{report}; {seconds:.1} s\n"))?;
    }
    Ok(match report.failed() {
        true => Exit::Selftest,
        false => Exit::Success,
    })
}

#[derive(Serialize)]
struct Told<'a> {
    machine: &'a Machine,
    seconds: f64,
    failed: bool,
    #[serde(flatten)]
    report: &'a Report,
}

fn write(path: &Path) -> Result<Exit, Failure> {
    if !ebm_core::device::DOUBLE_PRECISION {
        let message = format!(
            "--write {}: this build is in single precision; a reference is written by one in double precision on a CPU, \
             such as `cargo run --release --features f64 -- selftest --write {0}`",
            path.display()
        );
        return Err(Failure::message(Exit::Usage, message));
    }
    let reference = selftest::record();
    let bytes = reference.encode().or_exit(Exit::Other)?;
    write_whole(path, &bytes)?;
    print(&format!("{}: {} cases\n", path.display(), reference.names().count()))
}
