//! The training loop and its observers.

use std::time::Instant;

use crate::error::{ObserverError, TrainError};
use crate::outcome::{Flow, Outcome, StopReason};
use crate::report::{Evaluation, StepReport};
use crate::{data_parallel::Decision, observer::Observer, trainer::Trainer};
use ebm_core::geometry::Geometry;

impl<G: Geometry> Trainer<G> {
    /// Trains until the last step, a stop condition or an error.
    ///
    /// # Errors
    /// If a term is not finite and the configuration says to stop then (the models are then the last ones that all terms
    /// were finite for), a bound does not fit, or an observer fails. Where several processes train, each of them gets the error
    /// that one of them met.
    pub fn run(&mut self, observers: &mut [&mut dyn Observer<G>]) -> Result<Outcome, TrainError> {
        let started = Instant::now();
        let ranks = self.ranks.clone();
        while self.progress.unevaluated || self.progress.step < self.config.steps {
            // An iteration that was left during its evaluation needs nothing else.
            let left = std::mem::take(&mut self.progress.unevaluated);
            let next = self.progress.step + u64::from(!left);
            let last = next == self.config.steps;
            let due = |every: u64| every > 0 && next.is_multiple_of(every) || last;
            let mut decision = Decision::default();
            if !left {
                let reported = due(self.config.log_every) || next == 1;
                let report = self.advance(reported)?;
                let done = (self.progress.step == next).then_some(next);
                let seen = self.show(observers, &report, done, reported);
                decision = ranks.decide(seen.map(|flow| {
                    Decision {
                        flow,
                        // By the clock of one rank, or else they may not agree.
                        out_of_time: ranks.share().rank() == 0 && self.is_out_of_time(started),
                        saves: observers.iter_mut().fold(false, |saves, o| o.saves(self.progress.step) | saves),
                    }
                }))?;
            }
            // Where training went back, this step is yet to be done.
            let done = self.progress.step == next;
            let (mut flow, out_of_time) = (decision.flow, decision.out_of_time);
            let ends = out_of_time || matches!(flow, Flow::Stop(_));
            let evaluates = left || done && due(self.config.evaluate_every) || ends;
            let mut stale = None;
            if evaluates {
                let verified = self.verify();
                ranks.agree(verified).map_err(|error| self.undo(error, None))?;
                match ranks.evaluation(self.evaluate(observers)) {
                    // It is made from the same state, when the run goes on.
                    Err(TrainError::Cancelled(_)) if ranks.is_alone() => {
                        self.progress.unevaluated = true;
                        flow = Flow::Interrupt;
                    }
                    evaluation => {
                        let evaluation = evaluation?;
                        let seen = merged(observers, |observer| observer.on_evaluation(self, &evaluation));
                        flow.merge(ranks.decide(seen.map(Decision::from))?.flow);
                        stale = self.progress.best.watch(&self.config.stop, &evaluation, next)?;
                    }
                }
            }
            if evaluates || decision.saves {
                self.gather_transient_states()?;
            }
            let seen = merged(observers, |observer| observer.on_iteration(self));
            flow.merge(ranks.decide(seen.map(Decision::from))?.flow);
            let reason = match (flow, stale) {
                (Flow::Interrupt, _) => StopReason::Interrupted,
                (Flow::Stop(reason), _) => StopReason::Requested(reason),
                _ if last && done => StopReason::Completed,
                _ if out_of_time => StopReason::TimeLimit,
                (_, Some(stale)) => stale,
                _ => continue,
            };
            return Ok(self.outcome(reason));
        }
        Ok(self.outcome(StopReason::Completed))
    }

    /// Shows an iteration to the observers; `done`: its number, unless it is yet to be done.
    fn show(
        &self,
        observers: &mut [&mut dyn Observer<G>],
        report: &StepReport,
        done: Option<u64>,
        reported: bool,
    ) -> Result<Flow, TrainError> {
        let mut flow = match &report.fault {
            None => Flow::Continue,
            Some(fault) => merged(observers, |observer| observer.on_fault(fault))?,
        };
        if let Some(step) = done {
            flow.merge(merged(observers, |observer| {
                let mut flow = observer.on_step(step)?;
                if reported && report.fault.is_none() {
                    flow.merge(observer.on_report(self, report)?);
                }
                Ok(flow)
            })?);
        }
        Ok(flow)
    }

    fn is_out_of_time(&self, started: Instant) -> bool {
        let seconds = self.config.stop.seconds;
        seconds > 0.0 && started.elapsed().as_secs_f64() > seconds
    }

    fn outcome(&self, reason: StopReason) -> Outcome {
        Outcome { steps: self.progress.step, reason }
    }

    fn evaluate(&mut self, observers: &mut [&mut dyn Observer<G>]) -> Result<Evaluation, TrainError> {
        let mut evaluation = Evaluation::new();
        for observer in observers.iter_mut() {
            evaluation.extend(observer.evaluate(self).map_err(of_evaluation)?);
        }
        Ok(evaluation)
    }
}

/// The error of an observer's evaluation, which may be that it was cancelled.
fn of_evaluation(error: ObserverError) -> TrainError {
    match error.downcast::<TrainError>() {
        Ok(error) => match *error {
            TrainError::Cancelled(cancelled) => TrainError::Cancelled(cancelled),
            error => TrainError::Observer(error.into()),
        },
        Err(error) => TrainError::Observer(error),
    }
}

fn merged<G: Geometry>(
    observers: &mut [&mut dyn Observer<G>],
    mut ask: impl FnMut(&mut dyn Observer<G>) -> Result<Flow, ObserverError>,
) -> Result<Flow, TrainError> {
    let mut flow = Flow::Continue;
    for observer in observers.iter_mut() {
        flow.merge(ask(&mut **observer).map_err(TrainError::Observer)?);
    }
    Ok(flow)
}
