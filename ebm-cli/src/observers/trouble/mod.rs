//! Signs of trouble in a run: each is one function of the last reports, and is told once, with the settings to change.

mod behind;
mod coincide;
mod mutual_information;
mod point;
mod runaway;
mod saturation;
mod weights;

use ebm_core::geometry::Geometry;
use ebm_train::{Fault, Flow, Observer, ObserverError, Remedy, StepReport, Trainer};

use crate::progress::Notices;
use crate::run_directory::MetricsLine;
use point::Point;

/// Iterations before anything is judged: players that have just started are far from each other.
const FROM: u64 = 500;
/// Reports that a sign must be seen in: one batch says little.
const REPORTS: usize = 5;
/// The fewest iterations between two of them: neighbours see nearly the same models.
const APART: u64 = 50;

/// What is known of a run beside its reports.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Number of data dimensions.
    width: usize,
    /// Whether the generator's entropy has a weight.
    entropy_counts: bool,
}

/// What is wrong in the last reports, oldest first, and what to change; nothing if they are sound.
type Sign = fn(&[Point], Run) -> Option<String>;

const SIGNS: [Sign; 6] =
    [mutual_information::sign, coincide::sign, runaway::sign, saturation::sign, behind::sign, weights::sign];

/// Watches a run for signs of trouble.
pub struct Trouble {
    run: Run,
    points: Vec<Point>,
    /// The step at which each sign was seen first, with what was told.
    told: [Option<(u64, String)>; SIGNS.len()],
    /// What people are to see now.
    notices: Notices,
}

impl Trouble {
    /// An observer of a run on data of `width` dimensions; `entropy_counts`: the generator's entropy has a weight.
    pub fn new(width: usize, entropy_counts: bool) -> Self {
        let (told, notices) = (Default::default(), Notices::default());
        Self { run: Run { width, entropy_counts }, points: Vec::new(), told, notices }
    }

    /// Where what is seen is put for people to read.
    pub fn notices(&self) -> Notices {
        self.notices.clone()
    }

    /// The same after these lines of the run's metrics: what was told before an interruption is not told again.
    pub fn after(mut self, lines: impl IntoIterator<Item = MetricsLine>) -> Self {
        for line in lines {
            match line.event.as_str() {
                MetricsLine::TRAINING => drop(self.report(&line.report())),
                MetricsLine::FAULT => line.remedy.iter().for_each(|remedy| self.remedied(remedy)),
                _ => {}
            }
        }
        self
    }

    /// What was seen so far, each with its step.
    pub fn warnings(&self) -> Vec<String> {
        self.told.iter().flatten().map(|(step, text)| format!("step {step}: {text}")).collect()
    }

    /// Takes over a report; returns what is told for the first time.
    fn report(&mut self, report: &StepReport) -> Vec<String> {
        let step = report.step;
        let due = step >= FROM && self.points.last().is_none_or(|last| step >= last.step + APART);
        let Some(point) = Point::of(report).filter(|_| due) else { return Vec::new() };
        self.points.push(point);
        let Some(first) = self.points.len().checked_sub(REPORTS) else { return Vec::new() };
        self.points.drain(..first);
        let mut new = Vec::new();
        for (sign, told) in SIGNS.iter().zip(&mut self.told).filter(|(_, told)| told.is_none()) {
            if let Some(text) = sign(&self.points, self.run) {
                new.push(text.clone());
                *told = Some((step, text));
            }
        }
        new
    }

    fn remedied(&mut self, remedy: &Remedy) {
        if let Remedy::RolledBack { to, .. } = remedy {
            self.points.retain(|point| point.step <= *to);
        }
    }
}

impl<G: Geometry> Observer<G> for Trouble {
    fn on_fault(&mut self, fault: &Fault) -> Result<Flow, ObserverError> {
        self.remedied(&fault.remedy);
        Ok(Flow::Continue)
    }

    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        let step = report.step;
        for text in self.report(report) {
            tracing::warn!(step, "{text}");
            self.notices.borrow_mut().push(format!("warning: step {step}: {text}"));
        }
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::{Guarantee, Measurement};

    /// The default example near its end: lower bound -1.87, gap 1.29, entropy -1.5.
    pub(super) fn healthy(step: u64) -> Point {
        let wobble = if step.is_multiple_of(200) { 0.1 } else { -0.1 };
        Point {
            step,
            contrast: -0.37 + wobble,
            spreads: [1.1, 1.0 + wobble],
            entropy: Some(-1.5 + wobble),
            mutual_information: Some(3.1 + wobble),
            gap: Some(1.29 - wobble),
            generator_loss: Some(1.2 + wobble),
            effective_share: Some(0.4 + wobble),
        }
    }

    /// What the signs say of reports every 100 steps from the 500th on.
    pub(super) fn seen(sign: Sign, width: usize, point: impl Fn(u64) -> Point) -> Option<String> {
        let points: Vec<Point> = (5..5 + REPORTS as u64).map(|i| point(100 * i)).collect();
        sign(&points, Run { width, entropy_counts: true })
    }

    fn report(step: u64, contrast: f64) -> StepReport {
        let measured = |value: f64| Some(Measurement::new(value, 10.0, 100, Guarantee::heuristic("test")));
        StepReport { step, data_energy: measured(contrast), generated_energy: measured(0.0), ..Default::default() }
    }

    #[test]
    fn a_healthy_run_is_not_warned_of() {
        for sign in SIGNS {
            assert_eq!(seen(sign, 2, healthy), None);
        }
    }

    #[test]
    fn a_sign_is_told_once_not_at_the_start_and_not_again_after_an_interruption() {
        let mut trouble = Trouble::new(2, true);
        let told = |trouble: &mut Trouble, step: u64| trouble.report(&report(step, step as f64));
        assert!((1..=8).all(|i| told(&mut trouble, 100 * i).is_empty()));
        let first = told(&mut trouble, 900);
        assert_eq!((first.len(), trouble.warnings().len()), (1, 1), "{first:?}");
        assert!(trouble.warnings()[0].starts_with("step 900: the energies run away"));
        assert!(told(&mut trouble, 1000).is_empty() && told(&mut trouble, 2000).is_empty());
    }

    #[test]
    fn reports_close_together_are_as_good_as_one_and_those_that_were_taken_back_are_forgotten() {
        let mut trouble = Trouble::new(2, true);
        assert!((500..600).all(|step| trouble.report(&report(step, step as f64)).is_empty()));
        assert_eq!(trouble.points.len(), 2);
        trouble.remedied(&Remedy::RolledBack { to: 520, times: 1 });
        assert_eq!(trouble.points.len(), 1);
    }
}
