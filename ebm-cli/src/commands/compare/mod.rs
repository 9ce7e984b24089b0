//! `ebm compare`: train a grid of pairs of bounds and seeds, and say what it came to.

mod plan;
mod timed;
mod told;

use std::path::Path;

use super::print;
use crate::cli::Compare;
use crate::compare::{
    Comparison, ComparisonDirectory, ComparisonMarker, End, Event, Record, Standing, Task, train_all, write_report,
};
use crate::config::Grid;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;
use crate::ranks::Launched;
use plan::Plan;
use timed::Timed;
use told::Told;

/// Does it.
///
/// Nothing is written before every configuration of the grid is known to be good, its models are built, its steps were
/// tried, and what is in the directory is known to be of this grid.
///
/// # Errors
/// If a configuration, the data or the directory cannot be used, somebody asks to stop, or runs fail.
pub fn run(arguments: &Compare) -> Result<Exit, Failure> {
    if Launched::only_one("compare")?.is_none() {
        return Ok(Exit::Success);
    }
    let file = &arguments.source.config;
    let grid = Grid::load(file, &arguments.source.set).or_exit(Exit::Config)?;
    let plan = Plan::of(arguments, &grid)?;
    ComparisonDirectory::look(&plan.out)?;
    let standings = plan.standings(arguments.overwrite)?;
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let timed = Timed::of(&plan, arguments, &grid, &interrupt)?;

    let directory = ComparisonDirectory::open(&plan.out, &ComparisonMarker::new(file))?;
    let mut records: Vec<Option<Record>> = vec![None; plan.cells.len()];
    let mut tasks = Vec::new();
    for (index, (cell, resolved)) in plan.cells.iter().enumerate() {
        let text = toml::to_string(&resolved.config).or_exit(Exit::Other)?;
        let config = directory.write_config(&cell.name, &text)?;
        match standings[index] {
            Standing::Finished => records[index] = Some(Record::read(&plan.place(cell))),
            _ => tasks.push(Task {
                cell: index,
                config,
                base: plan.base.clone(),
                run: plan.place(cell),
                goes_on: standings[index] == Standing::Begun,
            }),
        }
    }
    let mut told = Told::new(arguments, tasks.len(), plan.cells.len());
    told.begin()?;
    train_all(tasks, told.at_once, &interrupt, |task, event| {
        let (cell, _) = &plan.cells[task.cell];
        match event {
            Event::Started => told.started(cell),
            Event::Ended(said) => {
                let record = plan.record(task.cell, said);
                told.ended(cell, &record)?;
                records[task.cell] = Some(record);
                Ok(())
            }
        }
    })?;
    interrupt.check()?;
    let comparison = plan.comparison(&grid, records, timed)?;
    let table = write_report(&comparison, &directory)?;
    let report = plan.out.join("report.html");
    if !arguments.quiet {
        print(&format!("\n{table}\nreport: {}\n", report.display()))?;
    }
    verdict(&comparison, &report)
}

/// The command, to be given again.
fn command() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=,:+@%".contains(c);
    let word = |text: String| match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    };
    let arguments = std::env::args_os()
        .skip(1)
        .map(|text| text.to_string_lossy().into_owned());
    std::iter::once("ebm".to_string())
        .chain(arguments.map(word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs that diverged are results; runs that failed are not.
fn verdict(comparison: &Comparison, report: &Path) -> Result<Exit, Failure> {
    let failed = comparison.runs.iter().filter_map(|(cell, record)| match &record.end {
        End::Failed(reason) => Some((&cell.name, reason)),
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    match failed.first() {
        None => Ok(Exit::Success),
        Some((name, reason)) => Err(Failure::message(
            Exit::Incomplete,
            format!(
                "{} of {} runs failed, first {name}: {reason}; the others are reported in {}, and the same command trains \
                 the failed ones again",
                failed.len(),
                comparison.runs.len(),
                report.display()
            ),
        )),
    }
}
