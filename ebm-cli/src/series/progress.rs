//! Progress messages while the runs of a series are trained.

use super::outcome::{Outcome, State};

/// Counts the runs that are trained, and words the messages about them.
pub(super) struct Progress {
    /// Runs trained at once.
    at_once: usize,
    /// Runs to train.
    wanted: usize,
    started: usize,
    ended: usize,
    /// Seconds of each run that did not fail: training, evaluation and pictures.
    seconds: Vec<f64>,
}

impl Progress {
    pub fn new(at_once: usize, wanted: usize) -> Self {
        Self { at_once, wanted, started: 0, ended: 0, seconds: Vec::new() }
    }

    /// The amount of work left, where some runs are there already.
    pub fn begin(&self, there: usize) -> String {
        match (there, self.wanted) {
            (0, wanted) => format!("{wanted} runs to train"),
            (there, 0) => format!("all {there} runs are there already"),
            (there, wanted) => format!("{there} runs are there already, {wanted} to train"),
        }
    }

    pub fn starts(&mut self, name: &str) -> String {
        self.started += 1;
        format!("[{}/{}] {name}: training", self.started, self.wanted)
    }

    /// A run ended, after some seconds.
    pub fn ended(&mut self, name: &str, outcome: &Outcome, seconds: f64) -> String {
        self.ended += 1;
        if !matches!(outcome.state, State::Failed(_)) {
            self.seconds.push(seconds);
        }
        let result = match (&outcome.state, outcome.metrics.get("nll")) {
            (State::Done, Some(nll)) => format!("exact NLL {nll:.3} nats"),
            (State::Done, None) => "trained".into(),
            (state, _) => format!("{}: {}", state.word(), state.reason().unwrap_or_default()),
        };
        let (ended, wanted, taken) = (self.ended, self.wanted, duration(seconds));
        let mut text = format!("[{ended}/{wanted}] {name}: {result}, {taken}");
        let waiting = wanted - ended;
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
