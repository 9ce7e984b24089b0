//! What a run went through: what curves are drawn from and what a run is judged by.

use ebm_core::bounds::{Measurement, Target};
use ebm_core::geometry::Geometry;
use ebm_core::trainer::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use std::collections::BTreeMap;

use crate::evaluate::Sandwich;

/// A value at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Steps done.
    pub step: u64,
    /// The value.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
}

impl Point {
    fn of(step: u64, measurement: &Measurement) -> Self {
        Self {
            step,
            value: measurement.value,
            standard_error: measurement.standard_error,
        }
    }
}

/// What a run went through.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The lower bound, from reports.
    pub lower: Vec<Point>,
    /// The upper bound, from reports.
    pub upper: Vec<Point>,
    /// Each figure of the evaluations.
    pub evaluations: BTreeMap<String, Vec<Point>>,
    /// The verdicts on the bounds, with their steps.
    pub sandwiches: Vec<(u64, Sandwich)>,
    /// The last report.
    pub report: Option<StepReport>,
    /// The last evaluation, with its step.
    pub evaluation: Option<(u64, Evaluation)>,
    /// What the upper bound bounds.
    pub target: Option<Target>,
}

impl History {
    /// The course of a figure of the evaluations.
    pub fn course(&self, name: &str) -> &[Point] {
        self.evaluations.get(name).map_or(&[], Vec::as_slice)
    }

    /// The smallest finite value of a figure of the evaluations.
    pub fn best(&self, name: &str) -> Option<Point> {
        let finite = self
            .course(name)
            .iter()
            .copied()
            .filter(|point| point.value.is_finite());
        finite.min_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// The newest value of a figure, if the last evaluation had it.
    pub fn latest(&self, name: &str) -> Option<&Measurement> {
        self.evaluation.as_ref()?.1.get(name)
    }

    /// Takes over a report.
    pub fn report(&mut self, report: &StepReport) {
        self.lower
            .extend(report.lower.as_ref().map(|m| Point::of(report.step, m)));
        self.upper
            .extend(report.upper.as_ref().map(|m| Point::of(report.step, m)));
        self.target = report.target.or(self.target);
        self.report = Some(report.clone());
    }

    /// Takes over an evaluation.
    pub fn evaluated(&mut self, step: u64, evaluation: &Evaluation) {
        for (name, measurement) in evaluation {
            let course = self.evaluations.entry(name.clone()).or_default();
            // The final evaluation repeats the last one on the way, with more samples.
            course.pop_if(|point| point.step == step);
            course.push(Point::of(step, measurement));
        }
        self.sandwiches.pop_if(|(at, _)| *at == step);
        self.sandwiches
            .extend(Sandwich::of(evaluation).map(|sandwich| (step, sandwich)));
        self.evaluation = Some((step, evaluation.clone()));
    }
}

impl<G: Geometry> Observer<G> for History {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.report(report);
        Ok(Flow::Continue)
    }
    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.evaluated(trainer.step(), evaluation);
        Ok(Flow::Continue)
    }
}
