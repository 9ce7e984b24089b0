use ebm_core::bounds::{Measurement, Target};
use ebm_core::geometry::Geometry;
use ebm_train::{Evaluation, Fault, Flow, Observer, ObserverError, Remedy, StepReport, Trainer};
use std::collections::BTreeMap;

use crate::plots::CurvePoint;
use crate::run_directory::{MetricsLine, RunDirectoryError};
use ebm_eval::evaluate::Sandwich;

/// The course of a run.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The bounds, from reports.
    pub lower: Vec<CurvePoint>,
    pub upper: Vec<CurvePoint>,
    /// Each figure of the evaluations.
    pub evaluations: BTreeMap<String, Vec<CurvePoint>>,
    /// The verdicts on the bounds, with their steps.
    pub sandwiches: Vec<(u64, Sandwich)>,
    pub report: Option<StepReport>,
    /// The last evaluation, with its step.
    pub evaluation: Option<(u64, Evaluation)>,
    /// The quantity that the upper bound bounds.
    pub target: Option<Target>,
}

impl History {
    /// The course of a figure of the evaluations.
    pub fn course(&self, name: &str) -> &[CurvePoint] {
        self.evaluations.get(name).map_or(&[], Vec::as_slice)
    }

    /// The smallest finite value of a figure of the evaluations.
    pub fn best(&self, name: &str) -> Option<CurvePoint> {
        let finite = self.course(name).iter().copied().filter(|point| point.value.is_finite());
        finite.min_by(|a, b| a.value.total_cmp(&b.value))
    }

    /// The newest value of a figure, if the last evaluation had it.
    pub fn latest(&self, name: &str) -> Option<&Measurement> {
        self.evaluation.as_ref()?.1.get(name)
    }

    /// Takes over a report.
    pub fn report(&mut self, report: &StepReport) {
        self.lower.extend(report.lower.as_ref().map(|m| point(report.step, m)));
        self.upper.extend(report.upper.as_ref().map(|m| point(report.step, m)));
        self.target = report.target.or(self.target);
        self.report = Some(report.clone());
    }

    /// Takes over an evaluation.
    pub fn evaluated(&mut self, step: u64, evaluation: &Evaluation) {
        for (name, measurement) in evaluation {
            let course = self.evaluations.entry(name.clone()).or_default();
            // The final evaluation repeats the last one on the way, with more samples.
            course.pop_if(|point| point.step == step);
            course.push(point(step, measurement));
        }
        self.sandwiches.pop_if(|(at, _)| *at == step);
        self.sandwiches.extend(Sandwich::of(evaluation).map(|sandwich| (step, sandwich)));
        self.evaluation = Some((step, evaluation.clone()));
    }

    /// The course of a run up to these lines of its metrics: the points, the verdicts, the last report and the last
    /// evaluation that its observers had seen. Facts that the file does not record are missing: the order of
    /// diagnostics, and how a figure without a claim was computed.
    pub fn from_metrics(
        lines: impl IntoIterator<Item = Result<MetricsLine, RunDirectoryError>>,
    ) -> Result<Self, RunDirectoryError> {
        let mut history = Self::default();
        for line in lines {
            history.read(&line?);
        }
        Ok(history)
    }

    /// Takes over a line of the metrics. A line of an unknown event is ignored.
    pub fn read(&mut self, line: &MetricsLine) {
        match line.event.as_str() {
            MetricsLine::TRAINING => self.report(&line.report()),
            MetricsLine::FAULT => line.remedy.iter().for_each(|remedy| self.remedied(remedy)),
            MetricsLine::EVALUATION | MetricsLine::FINAL => self.evaluated(line.step, &line.evaluation()),
            _ => {}
        }
    }

    /// Drops the values after the step that training went back to.
    fn remedied(&mut self, remedy: &Remedy) {
        if let Remedy::RolledBack { to, .. } = remedy {
            let courses = self.evaluations.values_mut();
            for course in courses.chain([&mut self.lower, &mut self.upper]) {
                course.retain(|point| point.step <= *to);
            }
            self.sandwiches.retain(|(step, _)| step <= to);
        }
    }
}

fn point(step: u64, measurement: &Measurement) -> CurvePoint {
    let Measurement { value, standard_error, .. } = *measurement;
    CurvePoint { step, value, standard_error }
}

impl<G: Geometry> Observer<G> for History {
    fn on_fault(&mut self, fault: &Fault) -> Result<Flow, ObserverError> {
        self.remedied(&fault.remedy);
        Ok(Flow::Continue)
    }
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.report(report);
        Ok(Flow::Continue)
    }
    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.evaluated(trainer.step(), evaluation);
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Origin};
    use crate::observers::{EvaluationObserver, MetricsLog, evaluated};
    use crate::run_directory::{MetricsFile, MetricsReader};
    use ebm_core::{bounds::Level, data::Dataset, geometry::Fixed, random::Random};
    use ebm_train::Players;
    use std::{cell::RefCell, path::Path, rc::Rc, sync::Arc};

    /// A run whose evaluations have a likelihood, both bounds, and figures without a claim.
    const CONFIG: &str = r#"
        data = "25-gaussians"
        generator = { kind = "flow", hidden = [8] }
        energy = { kind = "mlp", hidden = [8], confinement = 1.0 }
        upper = { kind = "UPPER" }
        train = { steps = 12, batch = 16, log_every = 4, evaluate_every = 6 }
        evaluate = { held_out = 200, generated = 200, quadrature = { tolerance = 1e-2, max_evaluations = 100_000 } }
    "#;

    /// The history of a run that was watched, and the one read back from its metrics.
    fn run(upper: &str) -> (History, History) {
        let text = CONFIG.replace("UPPER", upper);
        let layers = Layers::default().toml(Origin::File("run.toml".into()), &text).unwrap();
        let config = layers.resolve().unwrap().config;
        let random = Random::new(config.seed);
        let data: Arc<dyn Dataset> = Arc::from(config.data.load(Path::new("."), random).unwrap());
        let players = Players::build(Fixed::<2, 2>, config.components(), &config.train, random).unwrap();
        let mut trainer = Trainer::new(config.train.clone(), players, data.clone(), random).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let file = Rc::new(RefCell::new(MetricsFile::create(folder.path()).unwrap()));
        let mut evaluation = EvaluationObserver::new(data.clone(), &config.evaluate, random);
        let (mut log, mut history) = (MetricsLog::new(file, evaluation.latest()), History::default());
        trainer.run(&mut [&mut evaluation, &mut log, &mut history]).unwrap();
        let report = evaluated(&mut trainer, &*data, &config.evaluate, random).unwrap();
        log.last(trainer.step(), &report).unwrap();
        history.evaluated(trainer.step(), &report.evaluation());
        let lines = MetricsReader::open(folder.path()).unwrap();
        (history, History::from_metrics(lines).unwrap())
    }

    /// With its diagnostics in the order of the file.
    fn ordered(mut measurement: Measurement) -> Measurement {
        measurement.diagnostics.sort_by(|a, b| a.0.cmp(&b.0));
        measurement
    }

    #[test]
    fn a_history_read_back_is_the_one_that_was_lived_through() {
        for (upper, target) in [("gp", Target::Divergence), ("none", Target::Nothing)] {
            let (history, back) = run(upper);
            assert_eq!((history.target, back.target), (Some(target), Some(target)));
            assert_eq!((back.lower.len(), back.evaluations["nll"].len()), (4, 2));
            assert_eq!(back.upper.is_empty(), target == Target::Nothing);
            assert_eq!((&back.lower, &back.upper), (&history.lower, &history.upper));
            assert_eq!(back.evaluations, history.evaluations);
            assert_eq!(back.sandwiches, history.sandwiches);

            let mut report = history.report.unwrap();
            for (_, measurement) in report.measurements() {
                *measurement = measurement.take().map(ordered);
            }
            assert_eq!(back.report.unwrap(), report);

            let (step, mut evaluation) = history.evaluation.unwrap();
            let (step_back, mut evaluation_back) = back.evaluation.unwrap();
            assert_eq!(step_back, step);
            for measurement in evaluation.values_mut() {
                *measurement = ordered(measurement.clone());
            }
            for (name, measurement) in &mut evaluation_back {
                // How a figure without a claim was computed is not in the file.
                if measurement.guarantee.reason.starts_with("read from the metrics") {
                    assert_eq!(evaluation[name].guarantee.level, Level::Heuristic);
                    measurement.guarantee = evaluation[name].guarantee.clone();
                }
            }
            assert_eq!(evaluation_back, evaluation);
        }
    }
}
