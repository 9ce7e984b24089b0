//! Training the runs of a sweep here.

use std::path::Path;

use super::collect;
use super::plan::Plan;
use crate::cli;
use crate::commands::print;
use crate::commands::told::Told;
use crate::commands::verdict::verdict;
use crate::exit::{Exit, Failure, OrExit};
use crate::interrupt::Interrupt;
use crate::run_directory::held_by;
use crate::series::{Event, Record, Said, Standing, Task, train_all};
use crate::sweep::{append, config_of, end_line, id, log_of, run_of, start_line};

/// Trains what is not finished, goes on with what was interrupted, and tells a line a run and the table at the end.
///
/// # Errors
/// If somebody asks to stop, a run is there that is not of this sweep, or runs fail.
pub(super) fn run(plan: &Plan<'_>, out: &Path, arguments: &cli::Sweep) -> Result<Exit, Failure> {
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let (tasks, elsewhere) = tasks(plan, out)?;
    let jobs = arguments.jobs.unwrap_or(plan.sweep.spec.local.jobs);
    let at_once = usize::try_from(jobs).unwrap_or(1);
    let mut told = Told::new(arguments.quiet, at_once, tasks.len(), plan.runs.len() - elsewhere);
    if elsewhere > 0 {
        told.say(&format!("runs that another process trains, left alone: {elsewhere}"))?;
    }
    told.begin()?;
    let mut trained: Vec<(String, Record)> = Vec::new();
    train_all(tasks, at_once, &interrupt, |task, event| {
        let planned = &plan.runs[task.index];
        let name = format!("{} {}", id(task.index), planned.name);
        let log = |line: &str| {
            let path = log_of(out, task.index);
            let failed = |error| anyhow::Error::new(error).context(path.display().to_string());
            append(&path, line).map_err(failed).or_exit(Exit::RunDirectory)
        };
        match event {
            Event::Started => {
                told.started(&name);
                log(&start_line(&id(task.index), "this machine"))
            }
            Event::Ended(said) => {
                if !said.text.trim().is_empty() {
                    log(&said.text)?;
                }
                log(&end_line(&id(task.index), &code(&said)))?;
                let record = Record::after(&task.run, &planned.resolved.config, &task.base, &said);
                told.ended(&name, &record)?;
                trained.push((name, record));
                Ok(())
            }
        }
    })?;
    interrupt.check()?;
    if !arguments.quiet {
        print(&format!("\n{}", collect::text(out)?))?;
    }
    trained.sort_by(|(a, _), (b, _)| a.cmp(b));
    let runs = trained.iter().map(|(name, record)| (name.as_str(), record));
    verdict(runs, &format!("are in {}", out.display()))
}

/// The runs to train, and how many another process trains.
fn tasks(plan: &Plan<'_>, out: &Path) -> Result<(Vec<Task>, usize), Failure> {
    let (mut tasks, mut elsewhere) = (Vec::new(), 0);
    for (index, planned) in plan.runs.iter().enumerate() {
        let (run, base) = (run_of(out, index), plan.manifest.base.clone());
        if held_by(&run).is_some() {
            elsewhere += 1;
            continue;
        }
        let goes_on = match Standing::of(&run, &planned.resolved.config, &base)? {
            Standing::Finished => continue,
            Standing::Different(differing) => {
                let place = run.display();
                let text = format!(
                    "{place}: a finished run is there, with {differing}; move it away to have it trained again, or give --out \
                     DIR to put this sweep elsewhere"
                );
                return Err(Failure::message(Exit::RunDirectory, text));
            }
            Standing::Begun => true,
            Standing::Wanting => false,
        };
        tasks.push(Task {
            index,
            config: config_of(out, index),
            base,
            run,
            goes_on,
        });
    }
    Ok((tasks, elsewhere))
}

/// The exit code of a process, as a shell counts it.
fn code(said: &Said) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&said.status) {
        return (128 + signal).to_string();
    }
    said.status.code().unwrap_or(Exit::Other as i32).to_string()
}
