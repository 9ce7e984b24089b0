//! `ebm compare`: train a grid of pairs of bounds and seeds, and say what it came to.

mod plan;
mod timed;

use super::print;
use super::told::Told;
use super::verdict::verdict;
use crate::cli::Compare;
use crate::compare::{COMPARISON, ComparisonMarker, write_report};
use crate::config::Grid;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;
use crate::ranks::Launched;
use crate::series::{Event, Record, SeriesDirectory, Standing, Task, train_all};
use plan::Plan;
use timed::Timed;

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
    SeriesDirectory::look(&plan.out, &COMPARISON)?;
    let standings = plan.standings(arguments.overwrite)?;
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let timed = Timed::of(&plan, arguments, &grid, &interrupt)?;

    let directory = SeriesDirectory::open(&plan.out, &COMPARISON, &ComparisonMarker::new(file))?;
    let mut records: Vec<Option<Record>> = vec![None; plan.cells.len()];
    let mut tasks = Vec::new();
    for (index, (cell, resolved)) in plan.cells.iter().enumerate() {
        let text = toml::to_string(&resolved.config).or_exit(Exit::Other)?;
        let config = directory.write_config(&cell.name, &text)?;
        match standings[index] {
            Standing::Finished => records[index] = Some(Record::read(&plan.place(cell))),
            _ => tasks.push(Task {
                index,
                config,
                base: plan.base.clone(),
                run: plan.place(cell),
                goes_on: standings[index] == Standing::Begun,
            }),
        }
    }
    let at_once = usize::try_from(arguments.jobs).unwrap_or(1);
    let mut told = Told::new(arguments.quiet, at_once, tasks.len(), plan.cells.len());
    told.begin()?;
    train_all(tasks, at_once, &interrupt, |task, event| {
        let (cell, _) = &plan.cells[task.index];
        match event {
            Event::Started => {
                told.started(&cell.name);
                told.starting(&cell.name)
            }
            Event::Ended(said) => {
                let record = plan.record(task.index, &said);
                told.ended(&cell.name, &record)?;
                records[task.index] = Some(record);
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
    let runs = comparison
        .runs
        .iter()
        .map(|(cell, record)| (cell.name.as_str(), record));
    verdict(runs, &format!("are reported in {}", report.display()))
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
