//! How a run of a sweep stands, from its files.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::manifest::{config_of, log_of, run_of};
use super::run_log;
use crate::run_directory::{self, MetricsReader, Standing};
use crate::series::{End, Record};

/// How a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It came to its end.
    Done,
    /// It diverged, or met a NaN: a result; why.
    Diverged(String),
    /// A process trains it.
    Running,
    /// It was begun, and no process trains it.
    Interrupted,
    /// Its last process failed; why.
    Failed(String),
    /// It was not begun.
    Missing,
}

impl State {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Diverged(_) => "diverged",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Failed(_) => "failed",
            Self::Missing => "missing",
        }
    }

    /// Why it diverged or failed.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Diverged(reason) | Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a run stands, and what it came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it stands.
    pub state: State,
    /// Steps done; of a run that was interrupted, those that are saved.
    pub steps: u64,
    /// Steps to be done.
    pub of: Option<u64>,
    /// Seconds it took, of one that ended.
    pub seconds: Option<f64>,
    /// The figures of its final evaluation.
    pub figures: BTreeMap<String, f64>,
}

impl Outcome {
    /// Looks at a run of the sweep at `directory`, which may be in training.
    pub fn read(directory: &Path, index: usize) -> Self {
        let run = run_of(directory, index);
        let mut outcome = Self {
            state: State::Missing,
            steps: 0,
            of: steps_wanted(&config_of(directory, index)),
            seconds: None,
            figures: BTreeMap::new(),
        };
        let standing = Standing::of(&run).ok();
        match standing.as_ref().map(|standing| &standing.state) {
            Some(run_directory::State::Training(_)) => {
                outcome.state = State::Running;
                outcome.steps = last_step(&run);
            }
            Some(run_directory::State::Ended(_)) => {
                let record = Record::read(&run);
                outcome.state = match record.end {
                    End::Sound => State::Done,
                    End::Diverged(reason) => State::Diverged(reason),
                    End::Failed(reason) => State::Failed(reason),
                };
                outcome.steps = record.steps.unwrap_or(0);
                outcome.seconds = record.seconds;
                outcome.figures = record.figures;
            }
            begun => {
                let idle = if begun.is_some() {
                    State::Interrupted
                } else {
                    State::Missing
                };
                outcome.state = run_log::failure(&log_of(directory, index)).map_or(idle, State::Failed);
                outcome.steps = standing.map_or(0, |standing| standing.steps);
            }
        }
        outcome
    }
}

/// The step of the last whole line of the metrics.
fn last_step(run: &Path) -> u64 {
    let lines = MetricsReader::open(run).into_iter().flatten();
    lines.map_while(Result::ok).last().map_or(0, |line| line.step)
}

/// The steps that a configuration asks for; it is complete, so that it says.
fn steps_wanted(config: &Path) -> Option<u64> {
    let table: toml::Table = fs::read_to_string(config).ok()?.parse().ok()?;
    table.get("train")?.get("steps")?.as_integer()?.try_into().ok()
}
