//! `ebm watch`: a live view of a run, from its files alone.

mod follower;
mod sparkline;
mod view;
mod watched;

use clap::Args;
use console::Term;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use self::view::{Screen, lines, view};
use self::watched::Watched;
use crate::exit::{Exit, Failure, OrExit, fail};
use crate::run_directory::{Marker, layout};
use crate::{commands::arguments::seconds, interrupt::Interrupt, output::print_to_reader, shown::Shown};

#[derive(Args, Debug)]
#[command(after_help = "\
On a terminal, the view is redrawn in place; elsewhere, there is one line for each evaluation. The
command ends with the run, with the run's own exit code, or with 1 if the run has not ended but no
process is training it. It only reads the run's files and does not disturb the run.

Examples:
  ebm watch runs/run-seed0
  ebm watch runs/run-seed0 --once
  ebm train run.toml --quiet & ebm watch runs/run-seed0 --wait
  ebm watch runs/run-seed0 --every 60 | tee course.txt")]
pub struct Watch {
    /// Run directory
    pub run: PathBuf,
    /// Print the current state and exit
    #[arg(long)]
    pub once: bool,
    /// Wait for a run that does not exist yet
    #[arg(long)]
    pub wait: bool,
    /// Seconds between two reads of the run's files, 0.01 to 3600
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds)]
    pub every: f64,
}

/// The longest time until the program notices that it is to end.
const NOTICE: Duration = Duration::from_millis(50);
/// Number of columns where there is no terminal.
const COLUMNS: usize = 100;
/// Looks that must find a run without its process before it is said to have none: the first may come between the moment
/// a process makes the directory and the one it locks it.
const LOOKS: u32 = 2;

pub fn run(arguments: &Watch) -> Result<Exit, Failure> {
    let interrupt = Interrupt::listen().or_exit(Exit::Other)?;
    let every = Duration::from_secs_f64(arguments.every);
    let path = &arguments.run;
    while arguments.wait && !path.join(layout::MARKER).exists() {
        if !rest(every, &interrupt) {
            return Ok(Exit::Interrupted);
        }
    }
    Marker::read(path)?;

    let mut watched = Watched::new(path);
    if arguments.once {
        watched.look(None)?;
        // A second look tells whether the metrics are damaged or were just being rewritten.
        if watched.follower.is_unsure {
            watched.look(None)?;
        }
        say(&view(&watched, COLUMNS))?;
        return Ok(Exit::Success);
    }
    let started = Instant::now();
    let mut screen = Term::stdout().is_term().then(Screen::new);
    let mut without = 0;
    loop {
        let seconds = started.elapsed().as_secs_f64();
        let news = watched.look(Some(seconds))?;
        let reader_is_there = match &mut screen {
            Some(screen) => screen.draw(&watched).map(|()| true).or_exit(Exit::Other)?,
            None => say(&news.iter().flat_map(|news| lines(&watched, news)).collect::<Vec<_>>())?,
        };
        if let Some(ending) = &watched.ending {
            say(&[ending.to_string()])?;
            return ending.exit(path);
        }
        without = if watched.held { 0 } else { without + 1 };
        if without >= LOOKS {
            let (path, step) = (path.display(), watched.follower.step);
            let reason = "no process trains this run any more, and it has not ended; the last step it told of is";
            fail!(Exit::Other, "{path}: {reason} {step}");
        }
        if !reader_is_there {
            return Ok(Exit::Success);
        }
        if !rest(every, &interrupt) {
            return Ok(Exit::Interrupted);
        }
    }
}

/// Prints lines. Returns whether the reader is still there.
fn say(lines: &[String]) -> Result<bool, Failure> {
    print_to_reader(&lines.iter().map(|line| format!("{}\n", Shown(line))).collect::<String>())
}

/// Waits; false once somebody asked the program to stop.
fn rest(time: Duration, interrupt: &Interrupt) -> bool {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if interrupt.asked() || left.is_zero() {
            return !interrupt.asked();
        }
        std::thread::sleep(left.min(NOTICE));
    }
}
