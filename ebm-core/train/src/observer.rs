use crate::report::{Evaluation, StepReport};
use crate::{error::ObserverError, non_finite::Fault, outcome::Flow, trainer::Trainer};
use ebm_core::geometry::Geometry;

/// An observer of training: a progress bar, a log, an evaluation.
///
/// All methods default to doing nothing. An error that one returns ends the run.
///
/// Where several processes train together, observers belong on the first of them, rank 0: all ranks do what they ask for, their
/// errors end the run of all, and all ranks get the measurements of their evaluations.
pub trait Observer<G: Geometry> {
    /// After every `log_every`-th iteration, the first and the last.
    fn on_report(&mut self, _trainer: &Trainer<G>, _report: &StepReport) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// After every iteration; keep it cheap.
    fn on_step(&mut self, _step: u64) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// After an iteration that was discarded because a term was not finite, where training goes on.
    fn on_fault(&mut self, _fault: &Fault) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// Whether [`Observer::on_iteration`] will ask for the trainer's state at the end of this iteration, for another reason than
    /// its evaluation: asked of every iteration, before that.
    ///
    /// Where several processes train, the transient states of modules are put together then, and are part of the state.
    fn saves(&mut self, _step: u64) -> bool {
        false
    }
    /// At the very end of every iteration, after its report and evaluation: the next iteration starts from the state that is
    /// saved here. Keep it cheap.
    fn on_iteration(&mut self, _trainer: &mut Trainer<G>) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
    /// After every `evaluate_every`-th iteration and the last: measurements of this moment, given to all observers' `on_evaluation`.
    fn evaluate(&mut self, _trainer: &mut Trainer<G>) -> Result<Evaluation, ObserverError> {
        Ok(Evaluation::new())
    }
    /// After an evaluation: the measurements of all observers' `evaluate`.
    fn on_evaluation(&mut self, _trainer: &Trainer<G>, _evaluation: &Evaluation) -> Result<Flow, ObserverError> {
        Ok(Flow::Continue)
    }
}
