//! Faults of one rank, which all ranks act on.

use ebm_core::data::{DataError, Dataset};
use ebm_core::{device::Real, random::Random};
use ebm_tests::{Faults, Holed};
use ebm_train::{NonFinitePolicy, Origin, RollbackConfig, SkipConfig, StopReason, TrainError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::TOLERANCE;
use super::problem::{BATCH, Problem, distance, on_each, warm};

/// The index of the NaN, in the last sample of the data, which is the last rank's: in one iteration of the energy.
fn hole(n: usize, random: Random) -> Option<usize> {
    let place = Random::new(4).stream("energy-step").stream("data");
    (random == place.at(14)).then_some(2 * n - 1)
}

fn problem(policy: NonFinitePolicy) -> Problem {
    let mut problem = Problem { data: Arc::new(Holed(hole)), ..warm() };
    problem.config.train.steps = 20;
    problem.config.train.non_finite = policy;
    problem
}

#[test]
fn a_nan_of_one_rank_is_left_out_or_gone_back_for_by_all_as_one_process_does() {
    let rollback = RollbackConfig { limit: 2, every: 5 };
    for policy in [NonFinitePolicy::Skip(SkipConfig::default()), NonFinitePolicy::Rollback(rollback)] {
        let problem = problem(policy);
        let (mut trainer, mut seen) = (problem.trainer(), Faults::default());
        assert_eq!(trainer.run(&mut [&mut seen]).unwrap().reason, StopReason::Completed);
        let truth = trainer.state().unwrap();
        assert_eq!(seen.0.len(), 1);
        let all = on_each(4, |rank| {
            let (mut trainer, mut seen) = (problem.trainer_of(rank), Faults::default());
            trainer.run(&mut [&mut seen]).unwrap();
            (seen.0, trainer.state().unwrap())
        });
        for (faults, state) in &all {
            assert_eq!(faults.len(), 1);
            assert_eq!((faults[0].step, &faults[0].remedy), (seen.0[0].step, &seen.0[0].remedy));
            assert_eq!(faults[0].reason, "E_data[E] (process 4 of 4) is NaN");
            assert_eq!(state, &all[0].1);
        }
        let (far, rollbacks) = (distance(&all[0].1, &truth), all[0].1.progress.rollbacks);
        assert!(far <= TOLERANCE, "{policy:?}: {far:e}");
        assert_eq!(rollbacks, truth.progress.rollbacks);
    }
}

#[test]
fn where_a_nan_is_to_end_the_run_it_ends_that_of_all_with_the_same_words() {
    let problem = problem(NonFinitePolicy::Stop);
    let all = on_each(2, |rank| {
        let mut trainer = problem.trainer_of(rank);
        let error = trainer.run(&mut []).unwrap_err();
        let TrainError::NonFinite { step, restored, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((step, restored), (8, 7));
        (error.to_string(), trainer.states())
    });
    let (said, _) = &all[0];
    assert!(said.starts_with("step 8: E_data[E] (process 2 of 2) is NaN"), "{said}");
    assert_eq!(all[0], all[1]);
}

/// Whether this is the rank whose data are torn.
fn is_torn() -> bool {
    std::thread::current().name() == Some("torn")
}

/// Normal data that one process can no longer read after some draws.
struct Torn(AtomicBool);

impl Dataset for Torn {
    fn width(&self) -> usize {
        2
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        if is_torn() && n == BATCH && random.step() == 9 {
            self.0.store(true, Ordering::Relaxed);
        }
        random.normals(2 * n)
    }
    fn intact(&self) -> Result<(), DataError> {
        match is_torn() && self.0.load(Ordering::Relaxed) {
            false => Ok(()),
            true => {
                Err(DataError::Malformed { path: "points.npy".into(), place: "row 7".into(), reason: "gone".into() })
            }
        }
    }
}

#[test]
fn data_that_one_rank_cannot_read_end_the_run_of_all() {
    let data: Arc<dyn Dataset> = Arc::new(Torn(AtomicBool::new(false)));
    let all = on_each(3, |rank| {
        let problem = Problem { data: data.clone(), ..warm() };
        // The pool's thread that a rank works in is told apart by its name.
        let name = if rank.rank() == 1 { "torn" } else { "whole" };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).thread_name(|_| name.into());
        let mut trainer = problem.trainer_of(rank);
        pool.build().unwrap().install(|| trainer.run(&mut []).unwrap_err())
    });
    for error in all {
        assert_eq!(error.to_string(), "process 2 of 3: points.npy: row 7: gone");
        let TrainError::Elsewhere { rank, ranks, origin, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((rank, ranks, origin), (1, 3, Origin::Data));
    }
}
