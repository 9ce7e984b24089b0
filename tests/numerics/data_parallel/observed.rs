//! Requests of the first rank's observers, which all ranks follow.

use ebm_core::bounds::{Guarantee, Measurement};
use ebm_core::geometry::Runtime;
use ebm_train::process_group::ProcessGroup;
use ebm_train::{
    Evaluation, Flow, Observer, ObserverError, Origin, Outcome, StopReason, TrainError, Trainer, TrainingState,
};
use std::sync::Arc;

use super::problem::{BATCH, Problem, on_each, warm};

/// Trains a rank of a problem, the first one with an observer.
fn run(
    problem: &Problem,
    rank: Arc<dyn ProcessGroup>,
    observer: &mut dyn Observer<Runtime>,
) -> (Result<Outcome, TrainError>, Trainer<Runtime>) {
    let is_first = rank.rank() == 0;
    let mut trainer = problem.trainer_of(rank);
    let outcome = if is_first { trainer.run(&mut [observer]) } else { trainer.run(&mut []) };
    (outcome, trainer)
}

/// Asks for something at step 5.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wish {
    Stop,
    Leave,
    Fail,
}

struct Wishing(Wish);

impl Observer<Runtime> for Wishing {
    fn on_step(&mut self, step: u64) -> Result<Flow, ObserverError> {
        match self.0 {
            _ if step != 5 => Ok(Flow::Continue),
            Wish::Stop => Ok(Flow::Stop("enough".into())),
            Wish::Leave => Ok(Flow::Interrupt),
            Wish::Fail => Err("the disk is full".into()),
        }
    }
}

#[test]
fn a_wish_or_an_error_of_the_first_rank_is_that_of_all() {
    for wish in [Wish::Stop, Wish::Leave, Wish::Fail] {
        for outcome in on_each(3, |rank| run(&warm(), rank, &mut Wishing(wish)).0) {
            match (wish, outcome.map(|outcome| (outcome.steps, outcome.reason))) {
                (Wish::Stop, Ok(end)) => assert_eq!(end, (5, StopReason::Requested("enough".into()))),
                (Wish::Leave, Ok(end)) => assert_eq!(end, (5, StopReason::Interrupted)),
                (Wish::Fail, Err(error)) => {
                    assert_eq!(error.to_string(), "process 1 of 3: the disk is full");
                    assert!(matches!(error, TrainError::Elsewhere { origin: Origin::Observer, .. }));
                }
                (wish, outcome) => panic!("{wish:?}: {outcome:?}"),
            }
        }
    }
}

/// Figures that get worse, and infinite errors.
struct Worsening;

impl Observer<Runtime> for Worsening {
    fn evaluate(&mut self, trainer: &mut Trainer<Runtime>) -> Result<Evaluation, ObserverError> {
        let value = trainer.step() as f64;
        let figure =
            Measurement::new(value, f64::INFINITY, 1, Guarantee::heuristic("an example")).with("odd", f64::NAN);
        Ok(Evaluation::from([("nll".to_string(), figure)]))
    }
}

#[test]
fn all_ranks_go_by_the_evaluation_of_the_first() {
    let mut problem = warm();
    problem.config.train.evaluate_every = 10;
    problem.config.train.stop.patience = 2;
    problem.config.train.stop.metric = "nll".into();
    let all = on_each(2, |rank| {
        let (outcome, mut trainer) = run(&problem, rank, &mut Worsening);
        (outcome.unwrap(), trainer.state().unwrap())
    });
    let best = StopReason::NoImprovement { metric: "nll".into(), best: 10.0, step: 10 };
    for (outcome, state) in &all {
        assert_eq!((outcome.steps, &outcome.reason), (30, &best));
        assert_eq!(state, &all[0].1);
    }
}

/// Keeps the state after some steps, announced or not.
struct Keeping {
    announced: bool,
    state: Option<TrainingState>,
}

impl Observer<Runtime> for Keeping {
    fn saves(&mut self, step: u64) -> bool {
        self.announced && step == 7
    }
    fn on_iteration(&mut self, trainer: &mut Trainer<Runtime>) -> Result<Flow, ObserverError> {
        if trainer.step() == 7 {
            self.state = Some(trainer.state()?);
        }
        Ok(Flow::Continue)
    }
}

#[test]
fn a_state_that_is_announced_has_what_every_rank_remembers() {
    for announced in [true, false] {
        let all = on_each(2, |rank| {
            let mut keeping = Keeping { announced, state: None };
            run(&warm(), rank, &mut keeping).0.unwrap();
            keeping.state
        });
        let memory = all[0].as_ref().unwrap().arrays.get("lower-memory");
        let shape = memory.map(|memory| memory["warm_start"].0.clone());
        assert_eq!(shape, announced.then(|| vec![BATCH, 2]));
    }
}
