//! Evaluates the model while it is trained, and at the end.

use ebm_core::data::Dataset;
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_train::{Evaluation, Flow, Objective, Observer, ObserverError, StepReport, TrainError, Trainer};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::{History, judge};
use ebm_eval::evaluate::{EvaluateConfig, Report, Subject, evaluate};

/// Evaluates the model while it is trained: quickly, with the same held-out data every time.
pub struct EvaluationObserver {
    data: Arc<dyn Dataset>,
    quick: EvaluateConfig,
    random: Random,
    latest: Rc<RefCell<Report>>,
    judged: History,
    gaussian: f64,
    warned: bool,
}

impl EvaluationObserver {
    /// An observer for a run on `data`, with the final evaluation's options.
    pub fn new(data: Arc<dyn Dataset>, config: &EvaluateConfig, random: Random) -> Self {
        let quick = EvaluateConfig::quick();
        let quick = EvaluateConfig {
            // Never more than at the end: images are dear.
            held_out: quick.held_out.min(config.held_out),
            generated: quick.generated.min(config.generated),
            min_share: config.min_share,
            ..quick
        };
        let gaussian = super::gaussian_nll(&*data, random);
        let (latest, judged) = Default::default();
        Self {
            data,
            quick,
            random,
            latest,
            judged,
            gaussian,
            warned: false,
        }
    }

    /// The newest evaluation.
    pub fn latest(&self) -> Rc<RefCell<Report>> {
        self.latest.clone()
    }
}

impl<G: Geometry> Observer<G> for EvaluationObserver {
    fn on_report(&mut self, _: &Trainer<G>, report: &StepReport) -> Result<Flow, ObserverError> {
        self.judged.report(report);
        Ok(Flow::Continue)
    }

    fn evaluate(&mut self, trainer: &mut Trainer<G>) -> Result<Evaluation, ObserverError> {
        let report = evaluated(trainer, &*self.data, &self.quick, self.random.stream("quick"))?;
        let evaluation = report.evaluation();
        let shown = |name| evaluation.get(name).map_or(f64::NAN, |m| m.value);
        tracing::info!(
            step = trainer.step(),
            nll = shown("nll"),
            lower = shown("lower"),
            upper = shown("upper"),
            good_share = shown("good_share"),
            "evaluated"
        );
        report
            .absent
            .iter()
            .filter(|absent| absent.name == "nll")
            .for_each(|absent| {
                tracing::info!(step = trainer.step(), reason = absent.reason, "no likelihood");
            });
        if let Some(sandwich) = &report.sandwich {
            tracing::info!(step = trainer.step(), "sandwich: {sandwich}");
        }
        *self.latest.borrow_mut() = report;
        Ok(evaluation)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        self.judged.evaluated(trainer.step(), evaluation);
        let found = judge(&self.judged, self.gaussian, self.data.width());
        match (&found, self.warned) {
            (Some(found), false) => {
                tracing::warn!(
                    step = trainer.step(),
                    reason = found.reason,
                    advice = found.advice,
                    "the run diverges"
                )
            }
            (None, true) => tracing::info!(step = trainer.step(), "the run no longer diverges"),
            _ => {}
        }
        self.warned = found.is_some();
        Ok(Flow::Continue)
    }
}

/// Evaluates the model of a trainer.
///
/// # Errors
/// If a bound does not fit the models.
pub fn evaluated<G: Geometry>(
    trainer: &mut Trainer<G>,
    data: &dyn Dataset,
    config: &EvaluateConfig,
    random: Random,
) -> Result<Report, TrainError> {
    let adversarial = trainer.config().objective == Objective::Bidirectional;
    let bounds = match adversarial {
        true => trainer.bounds(config.generated, random.stream("bounds"))?,
        false => StepReport::default(),
    };
    let generator = adversarial.then(|| trainer.generator());
    let subject = Subject {
        energy: trainer.energy(),
        generator,
        data,
        bounds: &bounds,
    };
    Ok(evaluate(&subject, config, random))
}
