//! Writes every figure to the metrics file.

use ebm_core::bounds::Measurement;
use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Fault, Flow, Observer, ObserverError, StepReport, Trainer};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::run_directory::{Metric, MetricsFile, RunDirectoryError};
use ebm_eval::evaluate::{Report, Sandwich};

/// Writes every report and every evaluation to the metrics file. No figure depends on a clock, so that runs of one
/// configuration and seed write the same bytes.
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

    /// Writes the figures of the final evaluation.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn last(&mut self, step: u64, report: &Report) -> Result<(), RunDirectoryError> {
        let metrics = report
            .figures
            .iter()
            .map(|figure| (figure.name.clone(), Metric::figure(figure)))
            .collect();
        let mut file = self.file.borrow_mut();
        file.line(step, "final", &metrics, report.sandwich.as_ref())
    }
}

impl<G: Geometry> Observer<G> for MetricsLog {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        let mut file = self.file.borrow_mut();
        file.line(report.step, "training", &of_report(report), None)?;
        Ok(Flow::Continue)
    }

    fn on_fault(&mut self, fault: &Fault) -> Result<Flow, ObserverError> {
        tracing::warn!("{fault}");
        self.file.borrow_mut().fault(fault)?;
        Ok(Flow::Continue)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        let evaluated = self.evaluated.borrow();
        let metric = |(name, value): (&String, &Measurement)| match evaluated.figure(name) {
            Some(figure) => (name.clone(), Metric::figure(figure)),
            None => (name.clone(), Metric::measured(value, "nats")),
        };
        let metrics = evaluation.iter().map(metric).collect();
        let sandwich = Sandwich::of(evaluation);
        self.file
            .borrow_mut()
            .line(trainer.step(), "evaluation", &metrics, sandwich.as_ref())?;
        Ok(Flow::Continue)
    }
}

/// The figures of a report by name.
pub(super) fn of_report(report: &StepReport) -> BTreeMap<String, Metric> {
    let measured = [
        ("data_energy", &report.data_energy),
        ("generated_energy", &report.generated_energy),
        ("entropy", &report.entropy),
        ("entropy_ceiling", &report.entropy_upper_bound),
        ("divergence", &report.divergence),
        ("lower", &report.lower),
        ("upper", &report.upper),
        ("gap", &report.gap),
    ];
    let numbers = [
        ("energy_loss", report.energy_loss, "nats"),
        ("generator_loss", report.generator_loss, "nats"),
        (
            "energy_gradient_norm",
            report.energy_gradient_norm,
            "nats per unit of weight",
        ),
        (
            "generator_gradient_norm",
            report.generator_gradient_norm,
            "nats per unit of weight",
        ),
        (
            "energy_learning_rate",
            Some(report.energy_learning_rate),
            "units of weight per step",
        ),
        (
            "generator_learning_rate",
            Some(report.generator_learning_rate),
            "units of weight per step",
        ),
    ];
    let measured = measured
        .into_iter()
        .filter_map(|(name, m)| Some((name, Metric::measured(m.as_ref()?, "nats"))));
    let numbers = numbers
        .into_iter()
        .filter_map(|(name, value, unit)| Some((name, Metric::number(value?, unit))));
    measured
        .chain(numbers)
        .map(|(name, metric)| (name.to_string(), metric))
        .collect()
}
