//! What a person reads while the runs of a series are trained.

use std::collections::BTreeMap;
use std::time::Instant;

use super::outcome::{Outcome, State};

/// What a person reads while runs are trained.
pub(super) struct Progress {
    /// Runs trained at once.
    at_once: usize,
    /// Runs to train.
    wanted: usize,
    started: usize,
    ended: usize,
    /// When each run was started, by its name.
    since: BTreeMap<String, Instant>,
    /// Seconds of each run that did not fail: training, evaluation and pictures.
    seconds: Vec<f64>,
}

impl Progress {
    pub fn new(at_once: usize, wanted: usize) -> Self {
        Self {
            at_once,
            wanted,
            started: 0,
            ended: 0,
            since: BTreeMap::new(),
            seconds: Vec::new(),
        }
    }

    /// How much there is to do, where some runs are there already.
    pub fn begin(&self, there: usize) -> String {
        match (there, self.wanted) {
            (0, wanted) => format!("{wanted} runs to train"),
            (there, 0) => format!("all {there} runs are there already"),
            (there, wanted) => format!("{there} runs are there already, {wanted} to train"),
        }
    }

    /// A run starts.
    pub fn starts(&mut self, name: &str) -> String {
        self.started += 1;
        self.since.insert(name.into(), Instant::now());
        format!("[{}/{}] {name}: training", self.started, self.wanted)
    }

    /// A run ended.
    pub fn ended(&mut self, name: &str, outcome: &Outcome) -> String {
        self.ended += 1;
        let seconds = self
            .since
            .remove(name)
            .map_or(0.0, |since| since.elapsed().as_secs_f64());
        if !matches!(outcome.state, State::Failed(_)) {
            self.seconds.push(seconds);
        }
        let result = match (&outcome.state, outcome.metrics.get("nll")) {
            (State::Done, Some(nll)) => format!("exact NLL {nll:.3} nats"),
            (State::Done, None) => "trained".into(),
            (state, _) => format!("{}: {}", state.word(), state.reason().unwrap_or_default()),
        };
        let mut text = format!(
            "[{}/{}] {name}: {result}, {}",
            self.ended,
            self.wanted,
            duration(seconds)
        );
        let waiting = self.wanted - self.ended;
        if waiting > 0 && !self.seconds.is_empty() {
            let mean = self.seconds.iter().sum::<f64>() / self.seconds.len() as f64;
            let left = mean * waiting as f64 / self.at_once.min(waiting) as f64;
            text.push_str(&format!("; about {} left", duration(left)));
        }
        text
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}
