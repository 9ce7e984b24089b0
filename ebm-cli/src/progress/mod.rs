//! The progress of a run, shown while it is trained.

mod status;

pub use status::Status;

use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use std::io::{self, IsTerminal, Write};
use std::time::Instant;
use std::{cell::RefCell, rc::Rc};

use ebm_eval::evaluate::Sandwich;

/// Lines a run.
const LINES: u64 = 50;

/// Lines for people that other observers found.
pub type Notices = Rc<RefCell<Vec<String>>>;

/// Shows the progress of a run: its step, its rate, the remaining time and the current figures.
#[derive(Debug)]
pub struct Progress {
    steps: u64,
    /// The step that this process began after: the rate is its own.
    from: u64,
    status: Status,
    shown: Shown,
    notices: Notices,
}

#[derive(Debug)]
enum Shown {
    Bar(ProgressBar),
    /// About fifty lines a run, the next one not before this step.
    Lines {
        next: u64,
        started: Instant,
    },
}

impl Progress {
    /// The progress of a run of `steps` steps that begins after step `from`: a bar where stdout is a terminal, lines where
    /// it is not, nothing where it is to be `quiet`. `launched`: lines in any case, since launchers give processes a
    /// terminal whose output goes elsewhere.
    pub fn of(steps: u64, from: u64, quiet: bool, launched: bool) -> Option<Self> {
        let bar = io::stdout().is_terminal() && !launched;
        (!quiet).then(|| Self {
            steps,
            from,
            status: Status::default(),
            notices: Notices::default(),
            shown: if bar { Shown::bar(steps, from) } else { Shown::Lines { next: 0, started: Instant::now() } },
        })
    }

    /// The same, which also shows what is put there.
    pub fn with_notices(self, notices: Notices) -> Self {
        Self { notices, ..self }
    }

    /// A line about a step, unless the last one was a moment ago.
    fn line(&mut self, step: u64) -> Option<String> {
        let Self { steps, from, status, shown: Shown::Lines { next, started }, .. } = self else {
            return None;
        };
        if step < *next && step < *steps {
            return None;
        }
        *next = step + (*steps / LINES).max(1);
        let rate = step.saturating_sub(*from) as f64 / started.elapsed().as_secs_f64().max(1e-9);
        let left = steps.saturating_sub(step) as f64 / rate.max(1e-9);
        Some(format!("step {step}/{steps} | {rate:.0} steps/s | {left:.0} s left | {status}"))
    }
}

impl Shown {
    fn bar(steps: u64, from: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stdout());
        let template = "{wide_bar} {human_pos}/{human_len} | {per_sec} | {eta} left\n{wide_msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let rate = |state: &indicatif::ProgressState, out: &mut dyn std::fmt::Write| {
            // A text that cannot be written cannot be reported either.
            let _ = write!(out, "{:.0} steps/s", state.per_sec());
        };
        bar.set_style(style.with_key("per_sec", rate));
        bar.set_position(from);
        bar.reset_eta();
        // The last figures stay on the screen, also of a run that ended early.
        Self::Bar(bar.with_finish(ProgressFinish::Abandon))
    }
}

/// Prints lines. A reader that went away is no reason to stop training.
fn print(lines: impl IntoIterator<Item = String>) {
    let mut out = io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}

impl<G: Geometry> Observer<G> for Progress {
    fn on_step(&mut self, step: u64) -> Result<Flow, ObserverError> {
        if let Shown::Bar(bar) = &self.shown {
            bar.set_position(step);
        }
        Ok(Flow::Continue)
    }

    fn on_report(&mut self, trainer: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.status.report(report);
        let (step, config) = (report.step, trainer.config());
        // An evaluation of this very step follows; its line has both.
        let evaluated = config.evaluate_every > 0 && step.is_multiple_of(config.evaluate_every) || step == config.steps;
        let notices = self.notices.take();
        match &self.shown {
            Shown::Bar(bar) => notices.iter().for_each(|notice| bar.println(notice)),
            Shown::Lines { .. } => print(notices),
        }
        match &self.shown {
            Shown::Bar(bar) => bar.set_message(self.status.to_string()),
            Shown::Lines { .. } if evaluated => {}
            Shown::Lines { .. } => print(self.line(step)),
        }
        Ok(Flow::Continue)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.status.evaluation(evaluation);
        let (step, sandwich) = (trainer.step(), Sandwich::of(evaluation));
        if let Shown::Bar(bar) = &self.shown {
            bar.set_message(self.status.to_string());
            if let Some(sandwich) = sandwich {
                bar.println(format!("step {step}: {sandwich}"));
            }
        } else if let Some(line) = self.line(step) {
            let sandwich = sandwich.map(|sandwich| format!("  sandwich: {sandwich}"));
            print([line].into_iter().chain(sandwich));
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(from: u64, steps: impl Iterator<Item = u64>) -> Vec<String> {
        let mut progress = Progress::of(10_000, from, false, true).unwrap();
        steps.filter_map(|step| progress.line(step)).collect()
    }

    #[test]
    fn a_long_run_gets_about_fifty_lines() {
        let lines = lines(0, 1..=10_000);
        assert!((45..=55).contains(&lines.len()), "{lines:?}");
        assert!(lines[0].starts_with("step 1/10000 | "));
    }

    #[test]
    fn the_rate_counts_what_this_process_did() {
        let lines = lines(9_000, [9_000].into_iter());
        assert!(lines[0].starts_with("step 9000/10000 | 0 steps/s"), "{lines:?}");
    }
}
