use ebm_core::{data::Dataset, geometry::Geometry, random::Random};
use ebm_train::{Evaluation, Flow, Objective, Observer, ObserverError, StepReport, TrainError, Trainer};
use std::{cell::RefCell, rc::Rc, sync::Arc};

use super::{Divergence, History, gaussian_nll, judge};
use ebm_data::Validating;
use ebm_eval::evaluate::{EvaluateConfig, Report, Subject, evaluate_until};

/// Evaluates the model while it is trained: quickly, with the same samples of the validation part every time.
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
        Self {
            // Never more than at the end: images are dear.
            quick: EvaluateConfig {
                held_out: quick.held_out.min(config.held_out),
                generated: quick.generated.min(config.generated),
                min_share: config.min_share,
                ..quick
            },
            gaussian: gaussian_nll(&*data, random),
            data,
            random,
            latest: Rc::default(),
            judged: History::default(),
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
        let report = evaluated(trainer, &Validating::new(&*self.data), &self.quick, self.random.stream("quick"))?;
        let (step, evaluation) = (trainer.step(), report.evaluation());
        let value = |name: &str| evaluation.get(name).map_or(f64::NAN, |m| m.value);
        let [nll, lower, upper, good_share] = ["nll", "lower", "upper", "good_share"].map(value);
        tracing::info!(step, nll, lower, upper, good_share, "evaluated");
        let [gaussian_nll, weights_nll, cubo_nll] = ["gaussian_nll", "weights_nll", "cubo_nll"].map(value);
        tracing::info!(
            step,
            gaussian_nll,
            weights_nll,
            cubo_nll,
            "a Gaussian, and the bracket by the generator's weights"
        );
        for absent in report.absent.iter().filter(|absent| absent.name == "nll") {
            tracing::info!(step, reason = absent.reason, "no likelihood");
        }
        if let Some(sandwich) = &report.sandwich {
            tracing::info!(step, "sandwich: {sandwich}");
        }
        *self.latest.borrow_mut() = report;
        Ok(evaluation)
    }

    fn on_evaluation(&mut self, trainer: &Trainer<G>, evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        let step = trainer.step();
        self.judged.evaluated(step, evaluation);
        let found = judge(&self.judged, self.gaussian, self.data.width());
        match &found {
            Some(Divergence { reason, advice }) if !self.warned => {
                tracing::warn!(step, reason, advice, "the run diverges")
            }
            None if self.warned => tracing::info!(step, "the run no longer diverges"),
            _ => {}
        }
        self.warned = found.is_some();
        Ok(Flow::Continue)
    }
}

/// Evaluates the model of a trainer; an error if a bound does not fit the models, or the trainer's evaluations are cancelled.
pub fn evaluated<G: Geometry>(
    trainer: &mut Trainer<G>,
    data: &dyn Dataset,
    config: &EvaluateConfig,
    random: Random,
) -> Result<Report, TrainError> {
    let adversarial = trainer.config().objective == Objective::Bidirectional;
    let bounds = match adversarial {
        true => trainer.bounds_on(data, config.generated, random.stream("bounds"))?,
        false => StepReport::default(),
    };
    let generator = adversarial.then(|| trainer.generator());
    let subject = Subject { energy: trainer.energy(), generator, data, bounds: &bounds };
    Ok(evaluate_until(&subject, config, random, trainer.cancel())?)
}
