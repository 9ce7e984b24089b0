//! `ebm sweep collect`: what a sweep came to so far.

use std::path::Path;

use crate::cli::SweepCollect;
use crate::commands::{print, write_whole};
use crate::exit::{Exit, Failure};
use crate::sweep::{Manifest, Outcome, Table};

/// Prints the table, and writes the files that are wanted.
///
/// # Errors
/// If there is no sweep, no run has the figure to sort by, or a file cannot be written.
pub(super) fn run(arguments: &SweepCollect) -> Result<Exit, Failure> {
    let directory = &arguments.directory;
    let (manifest, outcomes) = read(directory)?;
    let table = Table::new(&manifest, &outcomes, arguments.sort.as_deref())?;
    if let Some(path) = &arguments.csv {
        write_whole(path, table.csv()?.as_bytes())?;
    }
    if let Some(path) = &arguments.json {
        write_whole(path, table.json(directory)?.as_bytes())?;
    }
    print(&table.text())
}

/// The table for people.
///
/// # Errors
/// If there is no sweep.
pub(super) fn text(directory: &Path) -> Result<String, Failure> {
    let (manifest, outcomes) = read(directory)?;
    Ok(Table::new(&manifest, &outcomes, None)?.text())
}

fn read(directory: &Path) -> Result<(Manifest, Vec<Outcome>), Failure> {
    let manifest = Manifest::read(directory)?;
    let outcomes = (0..manifest.runs.len()).map(|index| Outcome::read(directory, index));
    let outcomes = outcomes.collect();
    Ok((manifest, outcomes))
}
