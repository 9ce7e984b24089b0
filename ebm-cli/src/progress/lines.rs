//! Plain lines, where stdout is no terminal.

use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use std::io::Write;
use std::time::Instant;

use super::Status;
use ebm_eval::evaluate::Sandwich;

/// Lines a run.
const LINES: u64 = 50;

/// About fifty lines a run: step, rate, remaining time, the current figures.
#[derive(Debug)]
pub struct Lines<W> {
    steps: u64,
    from: u64,
    next: u64,
    out: W,
    started: Instant,
    status: Status,
}

impl<W: Write> Lines<W> {
    /// Lines about a run of `steps` steps, of which `from` are done.
    pub fn new(steps: u64, from: u64, out: W) -> Self {
        Self {
            steps,
            from,
            next: 0,
            out,
            started: Instant::now(),
            status: Status::default(),
        }
    }

    /// Writes a line, unless the last one was a moment ago; whether it did.
    fn line(&mut self, step: u64) -> bool {
        if step < self.next && step < self.steps {
            return false;
        }
        self.next = step + (self.steps / LINES).max(1);
        let rate = step.saturating_sub(self.from) as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        let left = (self.steps.saturating_sub(step)) as f64 / rate.max(1e-9);
        let Self { steps, status, .. } = self;
        // A reader that went away is no reason to stop training.
        let _ = writeln!(
            self.out,
            "step {step}/{steps} | {rate:.0} steps/s | {left:.0} s left | {status}"
        );
        let _ = self.out.flush();
        true
    }
}

impl<G: Geometry, W: Write> Observer<G> for Lines<W> {
    fn on_report(&mut self, trainer: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.status.report(report);
        let (step, config) = (report.step, trainer.config());
        // An evaluation of this very step follows; its line has both.
        let evaluated = config.evaluate_every > 0 && step.is_multiple_of(config.evaluate_every) || step == config.steps;
        if !evaluated {
            self.line(step);
        }
        Ok(Flow::Continue)
    }
    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.status.evaluation(evaluation);
        let written = self.line(trainer.step());
        if let (true, Some(sandwich)) = (written, Sandwich::of(evaluation)) {
            let _ = writeln!(self.out, "  sandwich: {sandwich}");
            let _ = self.out.flush();
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_gets_about_fifty_lines() {
        let mut lines = Lines::new(10_000, 0, Vec::new());
        (1..=10_000).for_each(|step| {
            lines.line(step);
        });
        let text = String::from_utf8(lines.out).unwrap();
        assert!((45..=55).contains(&text.lines().count()), "{text}");
        assert!(text.starts_with("step 1/10000 | "));
    }

    #[test]
    fn the_rate_counts_what_this_process_did() {
        let mut lines = Lines::new(10_000, 9_000, Vec::new());
        lines.line(9_000);
        let text = String::from_utf8(lines.out).unwrap();
        assert!(text.starts_with("step 9000/10000 | 0 steps/s"), "{text}");
    }
}
