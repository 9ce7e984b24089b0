//! The processes of an MPI job.

use ebm_core::device::Real;
use mpi::topology::{Rank, SimpleCommunicator};
use mpi::traits::{Communicator, CommunicatorCollectives, Root};
use mpi::{Threading, collective::SystemOperation, environment::Universe};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use thiserror::Error;

use super::{ProcessGroup, ProcessGroupError};

/// Values or bytes that one call of MPI carries at most: it counts them in 32 bits.
const CHUNK: usize = 1 << 28;

/// Sums of up to this many values are how processes agree on something, perhaps after one of them has worked for long.
const SHORT: usize = 8;

/// The exit code of all processes where one of them panics.
const PANICKED: i32 = 1;

/// Keeps MPI running until it is dropped.
pub struct Process {
    _universe: Universe,
}

/// MPI cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MpiError {
    /// MPI is running already.
    #[error("MPI was started in this process before")]
    Started,
    /// MPI is not safe to use from several threads.
    #[error("this MPI may be called from its first thread only, and the trainer's threads take turns")]
    OneThread,
}

impl Process {
    /// Starts MPI, which waits for all processes.
    ///
    /// # Errors
    /// If it is started already, or cannot be called from more than one thread.
    pub fn start() -> Result<(Self, World), MpiError> {
        let (universe, level) = mpi::initialize_with_threading(Threading::Serialized).ok_or(MpiError::Started)?;
        match level {
            Threading::Single | Threading::Funneled => Err(MpiError::OneThread),
            _ => Ok((Self { _universe: universe }, World::default())),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The others wait for this one, and would for ever.
        if std::thread::panicking() {
            SimpleCommunicator::world().abort(PANICKED);
        }
    }
}

/// Ends all processes of the job with this exit code: after a failure that the others do not know of, while they wait for this
/// one.
pub fn abort(code: i32) -> ! {
    SimpleCommunicator::world().abort(code)
}

/// All processes of the job.
#[derive(Debug, Default)]
pub struct World {
    /// One call at a time, from whichever thread.
    turn: Mutex<()>,
}

impl World {
    fn in_turn<T>(&self, work: impl FnOnce(&SimpleCommunicator) -> T) -> T {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        work(&SimpleCommunicator::world())
    }
}

/// Waits for all without keeping a core busy for long, as MPI's own calls do.
fn meet(world: &SimpleCommunicator) {
    let mut request = world.immediate_barrier();
    for patience in 0u64.. {
        match request.test() {
            Ok(_) => return,
            Err(waiting) => request = waiting,
        }
        match patience {
            ..2_000 => std::thread::yield_now(),
            _ => std::thread::sleep(Duration::from_micros(200)),
        }
    }
}

impl ProcessGroup for World {
    fn rank(&self) -> usize {
        self.in_turn(|world| world.rank() as usize)
    }

    fn ranks(&self) -> usize {
        self.in_turn(|world| world.size() as usize)
    }

    /// The sum is formed on the first process and sent to all: MPI only advises that all get the same bits.
    fn sum(&self, values: &mut [Real]) -> Result<(), ProcessGroupError> {
        self.in_turn(|world| {
            if values.len() <= SHORT {
                meet(world);
            }
            let mut sums = vec![0.0; values.len().min(CHUNK)];
            for chunk in values.chunks_mut(CHUNK) {
                let sums = &mut sums[..chunk.len()];
                let first = world.process_at_rank(0);
                match world.rank() {
                    0 => first.reduce_into_root(&*chunk, sums, SystemOperation::sum()),
                    _ => first.reduce_into(&*chunk, SystemOperation::sum()),
                }
                first.broadcast_into(sums);
                chunk.copy_from_slice(sums);
            }
        });
        Ok(())
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError> {
        let ranks = self.ranks();
        Ok((0..ranks).map(|rank| self.given_by(rank, own)).collect())
    }

    fn broadcast(&self, own: &[u8]) -> Result<Vec<u8>, ProcessGroupError> {
        Ok(self.given_by(0, own))
    }
}

impl World {
    /// The number of this process among those on its machine, counted from 0.
    pub fn number_on_machine(&self) -> usize {
        self.in_turn(|world| world.split_shared(world.rank()).rank() as usize)
    }

    /// Sends the bytes of one process to all of them.
    fn given_by(&self, rank: usize, own: &[u8]) -> Vec<u8> {
        self.in_turn(|world| {
            let root = world.process_at_rank(rank as Rank);
            let mut length = own.len() as u64;
            root.broadcast_into(&mut length);
            let mut bytes = if world.rank() as usize == rank { own.to_vec() } else { vec![0; length as usize] };
            for chunk in bytes.chunks_mut(CHUNK) {
                root.broadcast_into(chunk);
            }
            bytes
        })
    }
}
