use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Fault, Flow, Observer, ObserverError, StepReport, Trainer};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use crate::run_directory::{Digest, Metric, MetricsFile, MetricsLine, RunDirectoryError};
use ebm_eval::evaluate::{Report, Sandwich};

const NATS: &str = "nats";
const SLOPE: &str = "nats per unit of weight";
const RATE: &str = "units of weight per step";
const COUNT: &str = "count";
const PLAIN: &str = "";

/// Writes every report and evaluation to the metrics file: equal bytes for equal configurations, as no clock is read.
#[derive(Debug)]
pub struct MetricsLog {
    file: Rc<RefCell<MetricsFile>>,
    evaluated: Rc<RefCell<Report>>,
}

impl MetricsLog {
    /// A log to a file; `evaluated` is the newest evaluation, which knows the units.
    pub fn new(file: Rc<RefCell<MetricsFile>>, evaluated: Rc<RefCell<Report>>) -> Self {
        Self { file, evaluated }
    }

    /// Writes the metrics of the final evaluation. Returns length and hash of the file, which is complete then.
    pub fn last(&mut self, step: u64, report: &Report) -> Result<Digest, RunDirectoryError> {
        let figures = report.values.iter();
        let metrics = figures.map(|figure| (figure.name.clone(), Metric::figure(figure)));
        let mut file = self.file.borrow_mut();
        file.line(step, MetricsLine::FINAL, &metrics.collect(), report.sandwich.as_ref())?;
        file.settle()
    }
}

impl<G: Geometry> Observer<G> for MetricsLog {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        let mut file = self.file.borrow_mut();
        file.line(report.step, MetricsLine::TRAINING, &of_report(report), None)?;
        Ok(Flow::Continue)
    }

    fn on_fault(&mut self, fault: &Fault) -> Result<Flow, ObserverError> {
        tracing::warn!("{fault}");
        self.file.borrow_mut().fault(fault)?;
        Ok(Flow::Continue)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        let (evaluated, mut file) = (self.evaluated.borrow(), self.file.borrow_mut());
        let metrics = evaluation.iter().map(|(name, value)| {
            let metric = evaluated.get(name).map(Metric::figure);
            (name.clone(), metric.unwrap_or_else(|| Metric::measured(value, NATS)))
        });
        let sandwich = Sandwich::of(evaluation);
        file.line(trainer.step(), MetricsLine::EVALUATION, &metrics.collect(), sandwich.as_ref())?;
        Ok(Flow::Continue)
    }
}

/// The metrics of a report by name.
pub(super) fn of_report(report: &StepReport) -> BTreeMap<String, Metric> {
    let mut report = report.clone();
    let rates = [
        ("energy_learning_rate", Metric::number(report.energy_learning_rate, RATE)),
        ("generator_learning_rate", Metric::number(report.generator_learning_rate, RATE)),
    ];
    let mut metrics = BTreeMap::from(rates.map(|(name, rate)| (name.to_string(), rate)));
    for (name, value) in report.numbers() {
        let unit = match name {
            "effective_samples" => COUNT,
            "lambda" | "energy_weight" => PLAIN,
            name if name.ends_with("_norm") => SLOPE,
            _ => NATS,
        };
        metrics.extend(value.map(|value| (name.to_string(), Metric::number(value, unit))));
    }
    for (name, measured) in report.measurements() {
        metrics.extend(measured.as_ref().map(|measured| (name.to_string(), Metric::measured(measured, NATS))));
    }
    metrics
}
