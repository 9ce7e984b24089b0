//! What a person is told while the runs of a series are trained.

use std::collections::BTreeMap;
use std::time::Instant;

use super::print;
use crate::exit::Failure;
use crate::series::{End, Record};

/// What a person is told while the runs are trained.
pub(super) struct Told {
    quiet: bool,
    /// Runs trained at once.
    at_once: usize,
    wanted: usize,
    all: usize,
    started: usize,
    /// When each run was started, by its name.
    since: BTreeMap<String, Instant>,
    /// Seconds that each run took that ended well enough to have a result: training, evaluation and pictures.
    seconds: Vec<f64>,
    ended: usize,
}

impl Told {
    /// About `wanted` runs to train of `all`, `at_once` at a time.
    pub(super) fn new(quiet: bool, at_once: usize, wanted: usize, all: usize) -> Self {
        Self {
            quiet,
            at_once,
            wanted,
            all,
            started: 0,
            since: BTreeMap::new(),
            seconds: Vec::new(),
            ended: 0,
        }
    }

    /// Prints a line, unless nothing is wanted.
    pub(super) fn say(&self, text: &str) -> Result<(), Failure> {
        match self.quiet {
            true => Ok(()),
            false => print(&format!("{text}\n")).map(drop),
        }
    }

    /// How much there is to do.
    pub(super) fn begin(&self) -> Result<(), Failure> {
        self.say(&match (self.all - self.wanted, self.wanted) {
            (0, wanted) => format!("{wanted} runs to train"),
            (there, 0) => format!("all {there} runs are there already"),
            (there, wanted) => format!("{there} runs are there already, {wanted} to train"),
        })
    }

    /// A run's process was started.
    pub(super) fn started(&mut self, name: &str) {
        self.started += 1;
        self.since.insert(name.into(), Instant::now());
    }

    /// Says that the run is trained that was started last.
    pub(super) fn starting(&self, name: &str) -> Result<(), Failure> {
        self.say(&format!("[{}/{}] {name}: training", self.started, self.wanted))
    }

    /// A run's process ended.
    pub(super) fn ended(&mut self, name: &str, record: &Record) -> Result<(), Failure> {
        self.ended += 1;
        let seconds = self.since.get(name).map(|since| since.elapsed().as_secs_f64());
        if !matches!(record.end, End::Failed(_)) {
            self.seconds.extend(seconds);
        }
        let outcome = match (&record.end, record.figures.get("nll")) {
            (End::Sound, Some(nll)) => format!("exact NLL {nll:.3} nats"),
            (End::Sound, None) => "trained".into(),
            (End::Diverged(reason), _) => format!("diverged: {reason}"),
            (End::Failed(reason), _) => format!("failed: {reason}"),
        };
        let mut text = format!("[{}/{}] {name}: {outcome}", self.ended, self.wanted);
        if let Some(seconds) = seconds {
            text.push_str(&format!(", {}", duration(seconds)));
        }
        let waiting = self.wanted - self.ended;
        if waiting > 0 && !self.seconds.is_empty() {
            let mean = self.seconds.iter().sum::<f64>() / self.seconds.len() as f64;
            let left = mean * waiting as f64 / self.at_once.min(waiting) as f64;
            text.push_str(&format!("; about {} left", duration(left)));
        }
        self.say(&text)
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
