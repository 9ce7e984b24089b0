//! What is known of a watched run.

use std::path::{Path, PathBuf};

use super::follower::Follower;
use super::plan::Plan;
use super::rate::Rate;
use crate::commands::summary::RunEnd;
use crate::observers::History;
use crate::run_directory::{MetricsLine, RunDirectoryError, held_by};

/// What is known of a watched run, from its files.
#[derive(Debug)]
pub(super) struct Watched {
    path: PathBuf,
    plan: Plan,
    follower: Follower,
    rate: Rate,
    ending: Option<RunEnd>,
    held: bool,
}

impl Watched {
    /// The run at `path`, of which nothing is known yet.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.into(),
            plan: Plan::default(),
            follower: Follower::new(path),
            rate: Rate::default(),
            ending: None,
            held: false,
        }
    }

    /// Reads what is new; the new lines of the metrics. `seconds` is the time of a clock that measures the rate.
    ///
    /// # Errors
    /// If a file of the run cannot be read.
    pub(super) fn look(&mut self, seconds: Option<f64>) -> Result<Vec<MetricsLine>, RunDirectoryError> {
        // In the order opposite to that of training, which writes metrics, then the summary, then lets go of the
        // directory: what one file says is complete in those that are read after it.
        self.held = held_by(&self.path).is_some();
        let ending = RunEnd::read(&self.path)?;
        let news = self.follower.look()?;
        // A summary that is older than the metrics is of the run before it was taken up again.
        self.ending = ending.filter(|ending| !self.held || ending.steps >= self.follower.step());
        if self.follower.is_unsure() {
            self.ending = None;
        }
        self.plan = Plan::read(&self.path)?;
        if let Some(seconds) = seconds {
            self.rate.see(seconds, self.follower.step());
        }
        Ok(news)
    }

    /// Whether another look is needed to tell whether the metrics are damaged, or were just being written anew.
    pub(super) fn is_unsure(&self) -> bool {
        self.follower.is_unsure()
    }

    /// The run directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What it set out to do.
    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What it went through.
    pub(super) fn history(&self) -> &History {
        self.follower.history()
    }

    /// The last step that it told of.
    pub(super) fn step(&self) -> u64 {
        self.follower.step()
    }

    /// Steps a second, where they can be told.
    pub(super) fn per_second(&self) -> Option<f64> {
        match &self.ending {
            Some(ending) => ending.steps_per_second,
            None => self.rate.per_second(),
        }
    }

    /// How it ended, if it did.
    pub(super) fn ending(&self) -> Option<&RunEnd> {
        self.ending.as_ref()
    }

    /// Whether a process trains it.
    pub(super) fn held(&self) -> bool {
        self.held
    }
}
