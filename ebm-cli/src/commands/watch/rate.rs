//! The speed of a watched run.

use std::collections::VecDeque;

/// The time that a rate is measured over, in seconds.
const WINDOW: f64 = 30.0;

/// Steps a second over the last half minute, from when steps were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate(VecDeque<(f64, u64)>);

impl Rate {
    /// Records that a step was seen at a time in seconds. Steps that go back start the measurement afresh.
    pub(super) fn see(&mut self, seconds: f64, step: u64) {
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
    pub(super) fn per_second(&self) -> Option<f64> {
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
