//! Writes every figure to the metrics file.

use ebm_core::geometry::Geometry;
use ebm_core::trainer::{Evaluation, Flow, Observer, ObserverError, StepReport, Trainer};
use std::collections::BTreeMap;

use crate::evaluate::unit;
use crate::run_directory::{Metric, MetricsFile};

/// Writes every report and every evaluation to the metrics file. No figure depends on a clock, so that runs of one
/// configuration and seed write the same bytes.
#[derive(Debug)]
pub struct MetricsLog(pub MetricsFile);

impl<G: Geometry> Observer<G> for MetricsLog {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.0.line(report.step, "training", &report_metrics(report))?;
        Ok(Flow::Continue)
    }
    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.0.line(trainer.step(), "evaluation", &evaluation_metrics(evaluation))?;
        Ok(Flow::Continue)
    }
}

/// The figures of an evaluation, with their units.
pub fn evaluation_metrics(evaluation: &Evaluation) -> BTreeMap<String, Metric> {
    evaluation.iter().map(|(name, value)| (name.clone(), Metric::measured(value, unit(name)))).collect()
}

fn report_metrics(report: &StepReport) -> BTreeMap<String, Metric> {
    let measured = [
        ("data_energy", &report.data_energy),
        ("generated_energy", &report.generated_energy),
        ("entropy", &report.entropy),
        ("entropy_ceiling", &report.entropy_ceiling),
        ("divergence", &report.divergence),
        ("lower", &report.lower),
        ("upper", &report.upper),
    ];
    let numbers = [
        ("energy_loss", report.energy_loss, "nats"),
        ("generator_loss", report.generator_loss, "nats"),
        ("energy_gradient_norm", report.energy_gradient_norm, "nats per unit of weight"),
        ("generator_gradient_norm", report.generator_gradient_norm, "nats per unit of weight"),
        ("energy_learning_rate", Some(report.energy_learning_rate), "units of weight per step"),
        ("generator_learning_rate", Some(report.generator_learning_rate), "units of weight per step"),
    ];
    let measured = measured.into_iter().filter_map(|(name, m)| Some((name.into(), Metric::measured(m.as_ref()?, "nats"))));
    let numbers = numbers.into_iter().filter_map(|(name, value, unit)| Some((name.into(), Metric::number(value?, unit))));
    measured.chain(numbers).collect()
}
