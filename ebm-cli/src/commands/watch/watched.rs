//! The state of a watched run, read from its files.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::follower::Follower;
use crate::commands::summary::{RunEnd, text_of};
use crate::run_directory::{MetricsLine, RunDirectoryError, held_by, layout};

#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) path: PathBuf,
    pub(super) plan: Plan,
    pub(super) follower: Follower,
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

    pub(super) fn per_second(&self) -> Option<f64> {
        match &self.ending {
            Some(ending) => ending.steps_per_second,
            None => self.rate.per_second(),
        }
    }
}

impl Plan {
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

/// The time that a rate is measured over, in seconds.
const WINDOW: f64 = 30.0;

/// Steps a second over the last half minute, from when steps were seen.
#[derive(Clone, Debug, Default)]
struct Rate(VecDeque<(f64, u64)>);

impl Rate {
    /// Records that a step was seen at a time in seconds. Steps that go back start the measurement afresh.
    fn see(&mut self, seconds: f64, step: u64) {
        match self.0.back() {
            Some((_, last)) if *last == step => return,
            Some((_, last)) if *last > step => self.0.clear(),
            _ => {}
        }
        self.0.push_back((seconds, step));
        // Two are kept, however far apart: a slow run has a rate too.
        while self.0.len() > 2 && self.0.front().is_some_and(|(first, _)| seconds - first > WINDOW) {
            self.0.pop_front();
        }
    }

    /// Steps per second; unknown until the run was seen to advance.
    fn per_second(&self) -> Option<f64> {
        let ((from, first), (to, last)) = (self.0.front()?, self.0.back()?);
        (to > from).then(|| (last - first) as f64 / (to - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(seen: &[(f64, u64)]) -> Option<f64> {
        let mut rate = Rate::default();
        seen.iter().for_each(|(seconds, step)| rate.see(*seconds, *step));
        rate.per_second()
    }

    #[test]
    fn a_rate_is_that_of_the_last_half_minute_of_going_forward() {
        assert_eq!(rate(&[]), None);
        assert_eq!(rate(&[(0.0, 500)]), None);
        assert_eq!(rate(&[(0.0, 500), (1.0, 500), (2.0, 600)]), Some(50.0));
        assert_eq!(rate(&[(0.0, 0), (100.0, 1000), (110.0, 1200)]), Some(20.0));
        assert_eq!(rate(&[(0.0, 0), (100.0, 1000)]), Some(10.0));
        // A run that went back is measured afresh.
        assert_eq!(rate(&[(0.0, 0), (1.0, 1000), (2.0, 400)]), None);
        assert_eq!(rate(&[(0.0, 0), (1.0, 1000), (2.0, 400), (3.0, 500)]), Some(100.0));
    }
}
