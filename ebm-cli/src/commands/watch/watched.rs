//! The state of a watched run, read from its files.

use std::path::{Path, PathBuf};

use super::{follower::Follower, rate::Rate};
use crate::commands::summary::{RunEnd, text_of};
use crate::run_directory::{MetricsLine, RunDirectoryError, held_by, layout};

#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) path: PathBuf,
    pub(super) plan: Plan,
    pub(super) follower: Follower,
    /// How it ended, if it did.
    pub(super) ending: Option<RunEnd>,
    /// Whether a process trains it.
    pub(super) held: bool,
    rate: Rate,
}

/// The part of `config.toml` that is shown. Its components need not be linked into this program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) steps: Option<u64>,
    /// Names of the lower and the upper bound.
    pub(super) bounds: Option<(String, String)>,
}

impl Watched {
    /// The run at `path`, before anything is read.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.into(), follower: Follower::new(path), ..Self::default() }
    }

    /// Reads what is new; returns the new lines of the metrics. `seconds` is the time of a clock that measures the rate.
    pub(super) fn look(&mut self, seconds: Option<f64>) -> Result<Vec<MetricsLine>, RunDirectoryError> {
        // In the order opposite to that of training, which writes metrics, then the summary, then lets go of the
        // directory: whatever one file refers to is complete in those that are read after it.
        self.held = held_by(&self.path).is_some();
        let ending = RunEnd::read(&self.path)?;
        let news = self.follower.look()?;
        // A summary that is older than the metrics is of the run before it was taken up again.
        self.ending = ending
            .filter(|ending| !self.held || ending.steps >= self.follower.step)
            .filter(|_| !self.follower.is_unsure);
        self.plan = Plan::read(&self.path)?;
        if let Some(seconds) = seconds {
            self.rate.see(seconds, self.follower.step);
        }
        Ok(news)
    }

    /// Steps per second, if known.
    pub(super) fn per_second(&self) -> Option<f64> {
        match &self.ending {
            Some(ending) => ending.steps_per_second,
            None => self.rate.per_second(),
        }
    }
}

impl Plan {
    /// The plan of the run at `directory`, as far as it is there.
    fn read(directory: &Path) -> Result<Self, RunDirectoryError> {
        let path = directory.join(layout::CONFIG);
        let table: toml::Table = text_of(&path)?.unwrap_or_default().parse().map_err(|error: toml::de::Error| {
            RunDirectoryError::damaged(path, error.to_string().trim().replace('\n', " "))
        })?;
        let value = |section: &str, key: &str| table.get(section)?.get(key);
        let kind = |section: &str| Some(value(section, "kind")?.as_str()?.to_string());
        Ok(Self {
            steps: value("train", "steps").and_then(|steps| u64::try_from(steps.as_integer()?).ok()),
            bounds: kind("lower").zip(kind("upper")),
        })
    }
}
