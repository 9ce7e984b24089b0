//! Several processes that train one model: their launcher, and their messages beside the training.

mod launcher;
mod sums;
mod task;

use ebm_train::TrainError;
#[cfg(feature = "mpi")]
use ebm_train::process_group::mpi;
use ebm_train::process_group::{Alone, ProcessGroup, ProcessGroupError, gather};
use std::sync::Arc;

use crate::exit::{Exit, Failure, OrExit};
pub(crate) use launcher::Launched;
pub(crate) use sums::Sums;
pub(crate) use task::Task;

/// This process among those that train together.
pub(crate) struct Ranks {
    pub group: Arc<dyn ProcessGroup>,
    pub sums: Sums,
    /// Ends MPI when it is dropped.
    #[cfg(feature = "mpi")]
    _process: Option<mpi::Process>,
}

impl Ranks {
    /// Joins the processes that were started with this one; `None` where another one reports why that cannot be. Call
    /// it before the first use of the device: where there are several, each process has its own.
    pub fn join(without_nccl: bool) -> Result<Option<Self>, Failure> {
        match Launched::read(|name| std::env::var(name).ok()) {
            None => Ok(Some(Self::of(Arc::new(Alone)))),
            Some(launched) => Self::launched(&launched, without_nccl),
        }
    }

    /// A process of this group, which somebody else ends.
    fn of(group: Arc<dyn ProcessGroup>) -> Self {
        Self {
            group,
            sums: Sums::default(),
            #[cfg(feature = "mpi")]
            _process: None,
        }
    }

    #[cfg(feature = "mpi")]
    fn launched(launched: &Launched, without_nccl: bool) -> Result<Option<Self>, Failure> {
        let (process, world) = mpi::Process::start().or_exit(Exit::Other)?;
        if world.ranks() != launched.ranks {
            let text = format!(
                "{launched}, but MPI knows of {}: start it with the launcher of the MPI that it was built with, such as \
                 its mpirun, or srun --mpi=pmix",
                world.ranks()
            );
            return launched.refused(&text).map(|()| None);
        }
        ebm_core::device::choose_device(world.number_on_machine());
        let begun = Sums::begin(Arc::new(world), without_nccl);
        let (group, sums) = begun.unwrap_or_else(|failure| end_job(&failure));
        Ok(Some(Self { group, sums, _process: Some(process) }))
    }

    #[cfg(not(feature = "mpi"))]
    fn launched(launched: &Launched, _: bool) -> Result<Option<Self>, Failure> {
        let text = format!(
            "{launched}, and this program was built without MPI (cargo build --features mpi), so they would train the same \
             model and fight for its directory; to train models apart, start each with env -u {}",
            launched.variable
        );
        launched.refused(&text).map(|()| None)
    }

    /// Whether this process is the one that reads and writes the run directory and prints.
    pub fn is_first(&self) -> bool {
        self.group.rank() == 0
    }

    /// Number of processes.
    pub fn count(&self) -> usize {
        self.group.ranks()
    }

    /// Returns this process's own result if no process failed; else the failure of the first that did, on all of them.
    pub fn agree<T>(&self, own: Result<T, Failure>) -> Result<T, Failure> {
        if self.count() == 1 {
            return own;
        }
        // The exit code and the message of each that failed.
        let told = own.as_ref().err().map(|failure| (failure.exit as u8, failure.to_string()));
        let all = gather(&*self.group, &told).or_exit(Exit::Other)?;
        match all.into_iter().enumerate().find_map(|(rank, told)| Some((rank, told?))) {
            Some((rank, (exit, message))) if rank != self.group.rank() => {
                let text = format!("process {} of {}: {message}", rank + 1, self.count());
                Err(Failure::message(Exit::of_code(exit), text))
            }
            _ => own,
        }
    }

    /// Returns how the process ends: only the first process reports the result.
    pub fn end(&self, done: Result<Exit, Failure>) -> Result<Exit, Failure> {
        #[cfg(feature = "mpi")]
        if let (Err(failure), Some(_)) = (&done, &self._process)
            && lost_the_others(failure)
        {
            end_job(failure);
        }
        if self.is_first() { done } else { Ok(Exit::Success) }
    }
}

/// Ends all processes of the job, and says why: for a failure that the others do not know of, while they wait for this one.
#[cfg(feature = "mpi")]
fn end_job(failure: &Failure) -> ! {
    eprintln!("error: {failure}");
    mpi::abort(failure.exit as i32)
}

/// Whether this process alone knows of a failure, while the others may wait for it.
#[cfg_attr(not(any(feature = "mpi", test)), expect(dead_code))]
fn lost_the_others(failure: &Failure) -> bool {
    let of_group = |error: &TrainError| matches!(error, TrainError::ProcessGroup(_));
    let error = &failure.error;
    error.downcast_ref().is_some_and(of_group) || error.downcast_ref::<ProcessGroupError>().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_train::process_group::Threads;

    fn on_each<T: Send>(ranks: usize, work: impl Fn(Ranks) -> T + Sync) -> Vec<T> {
        Threads::on_each(ranks, |rank| work(Ranks::of(Arc::new(rank))))
    }

    #[test]
    fn the_failure_of_one_process_is_that_of_all_and_the_first_one_tells_it() {
        let told = on_each(3, |ranks| {
            let own = match ranks.group.rank() {
                1 => Err(Failure::message(Exit::Data, "points.npy: not here")),
                rank => Ok(rank),
            };
            ranks.end(ranks.agree(own).map(|_| Exit::Success))
        });
        let [Err(first), Ok(Exit::Success), Ok(Exit::Success)] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(first.exit, Exit::Data);
        assert_eq!(first.to_string(), "process 2 of 3: points.npy: not here");
    }

    #[test]
    fn what_the_others_cannot_know_of_is_told_apart() {
        let gone = ProcessGroupError::Gone { rank: 1, ranks: 2 };
        assert!(lost_the_others(&Failure::new(Exit::Other, gone.clone())));
        let of_training = TrainError::ProcessGroup(gone);
        let of_training = anyhow::Error::new(of_training).context("run.toml");
        assert!(lost_the_others(&Failure::new(Exit::Other, of_training)));
        assert!(!lost_the_others(&Failure::message(Exit::Data, "points.npy: not here")));
    }

    #[test]
    fn a_failure_of_the_first_process_is_told_as_it_is() {
        let told = on_each(2, |ranks| {
            let own = if ranks.is_first() { Err(Failure::message(Exit::Config, "run.toml: odd")) } else { Ok(()) };
            ranks.agree(own).unwrap_err()
        });
        assert_eq!((told[0].exit, told[0].to_string()), (Exit::Config, "run.toml: odd".into()));
        assert_eq!(told[1].to_string(), "process 1 of 2: run.toml: odd");
        assert_eq!(on_each(2, |ranks| ranks.agree(Ok(ranks.count())).unwrap()), [2, 2]);
    }
}
