//! What watches a training run.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Fault, StepReport, Trainer};
use ebm_core::bounds::Measurement;
use ebm_core::geometry::Geometry;

/// Whether training goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Flow {
    /// Go on.
    #[default]
    Continue,
    /// Stop after this iteration and a last evaluation, for the reason given.
    Stop(String),
    /// Leave after this iteration, to go on with it another time.
    Interrupt,
}

impl Flow {
    pub(super) fn merge(&mut self, other: Self) {
        // Who asks to leave at once is not to wait for who asks to stop.
        if *self == Self::Continue || other == Self::Interrupt {
            *self = other;
        }
    }
}

/// An error of an observer; it ends the run.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// Named figures of an evaluation.
pub type Evaluation = BTreeMap<String, Measurement>;

/// Something that watches training: a progress bar, a log, an evaluation.
///
/// All methods default to doing nothing.
///
/// Where several processes train together, an observer belongs on the first of them, rank 0: what it asks for is done by all,
/// an error of it ends the run of all, and all get the figures of its evaluation.
pub trait Observer<G: Geometry> {
    /// After every `log_every`-th iteration, the first and the last.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_report(&mut self, _trainer: &Trainer<G>, _report: &StepReport) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// After every iteration; keep it cheap.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_step(&mut self, _step: u64) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// After an iteration that came to nothing because a term was not finite, where training goes on.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_fault(&mut self, _fault: &Fault) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// Whether [`Observer::on_iteration`] will ask for the trainer's state at the end of this iteration, for another reason than
    /// its evaluation: asked of every iteration, before that.
    ///
    /// Where several processes train, what modules remember of each sample is put together then, and is part of the state.
    fn saves(&mut self, _step: u64) -> bool {
        false
    }
    /// At the very end of every iteration, after its report and evaluation: what is saved here is what the next iteration
    /// starts from. Keep it cheap.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_iteration(&mut self, _trainer: &mut Trainer<G>) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// After every `evaluate_every`-th iteration and the last: figures of this moment, given to all observers' `on_evaluation`.
    ///
    /// # Errors
    /// An error ends the run.
    fn evaluate(&mut self, _trainer: &mut Trainer<G>) -> Result<Evaluation, ObserverError> {
        Ok(Evaluation::new())
    }
    /// The figures that the observers' `evaluate` produced together.
    ///
    /// # Errors
    /// An error ends the run.
    fn on_evaluation(&mut self, _trainer: &Trainer<G>, _evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
}
