//! A progress bar, for a terminal.

use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Status;
use ebm_eval::evaluate::Sandwich;

/// A progress bar with rate, remaining time and the current figures.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    status: Status,
}

impl Bar {
    /// A bar of `steps` steps, of which `from` are done.
    pub fn new(steps: u64, from: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stdout());
        let template = "{wide_bar} {human_pos}/{human_len} | {per_sec} | {eta} left\n{wide_msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.with_key(
            "per_sec",
            |state: &indicatif::ProgressState, w: &mut dyn std::fmt::Write| {
                // A text that cannot be written cannot be reported either.
                let _ = write!(w, "{:.0} steps/s", state.per_sec());
            },
        ));
        // The rate is that of this process.
        bar.set_position(from);
        bar.reset_eta();
        Self {
            bar,
            status: Status::default(),
        }
    }
}

impl<G: Geometry> Observer<G> for Bar {
    fn on_step(&mut self, step: u64) -> Result<Flow, ObserverError> {
        self.bar.set_position(step);
        Ok(Flow::Continue)
    }
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.status.report(report);
        self.bar.set_message(self.status.to_string());
        Ok(Flow::Continue)
    }
    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.status.evaluation(evaluation);
        self.bar.set_message(self.status.to_string());
        if let Some(sandwich) = Sandwich::of(evaluation) {
            self.bar.println(format!("step {}: {sandwich}", trainer.step()));
        }
        Ok(Flow::Continue)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        // The last figures stay on the screen, also of a run that ended early.
        self.bar.abandon();
    }
}
