use std::sync::{Arc, Mutex, PoisonError};
use thiserror::Error;

use super::card::{Card, obstacle, version};
use super::{ProcessGroup, ProcessGroupError, broadcast, gather};
use ebm_core::buffers::native::try_change;
use ebm_core::device::{Real, Vector, check_device};
use ebm_kernels::gpu::nccl::{self, Communicator, NcclFailure};

/// A group that sums on its GPUs by NCCL, and leaves everything else to another group.
///
/// NCCL gives the same sum to all ranks: it is formed in one place, and copied from there. Its order depends on the number of
/// ranks, on how their GPUs are connected, and on NCCL's version.
pub struct Nccl {
    ranks: Arc<dyn ProcessGroup>,
    communicator: Mutex<Communicator>,
    version: i32,
}

/// NCCL cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NcclError {
    /// These processes cannot use NCCL, as all of them have found: they can go on without it.
    #[error("{reason}")]
    Unavailable {
        /// The reason.
        reason: String,
    },
    /// NCCL does not start on this rank, or the ranks cannot reach each other: the job must end.
    #[error(transparent)]
    ProcessGroup(#[from] ProcessGroupError),
}

impl Nccl {
    /// Starts NCCL on the device of this process. All ranks do so at once, and agree by messages on whether and how.
    ///
    /// # Errors
    /// If two ranks share a GPU, have different versions of NCCL, or one has no GPU: the same on all ranks. If NCCL does not
    /// start, on the ranks where it does not.
    pub fn start(ranks: Arc<dyn ProcessGroup>) -> Result<Self, NcclError> {
        let found = own_card().map_err(|failure| failure.to_string());
        let cards: Vec<Result<Card, String>> = gather(&*ranks, &found)?;
        if let Some(reason) = obstacle(&cards) {
            return Err(NcclError::Unavailable { reason });
        }
        let made = (ranks.rank() == 0).then(|| nccl::unique_id().map_err(|failure| failure.to_string()));
        let id: Vec<u8> = match broadcast(&*ranks, &made)? {
            Some(Ok(id)) => id,
            Some(Err(reason)) => return Err(NcclError::Unavailable { reason }),
            None => return Err(ProcessGroupError::out_of_step(&*ranks, "no id of NCCL's").into()),
        };
        let joined = Communicator::join(&id, ranks.rank(), ranks.ranks());
        let communicator = joined.map_err(|failure| {
            let reason = format!("NCCL does not start: {failure}; NCCL_DEBUG=INFO has it say more");
            ProcessGroupError::device(&*ranks, reason)
        })?;
        Ok(Self { ranks, communicator: Mutex::new(communicator), version: found.map_or(0, |card| card.version) })
    }

    /// The version of NCCL, such as `2.28.3`.
    pub fn version(&self) -> String {
        version(self.version)
    }
}

fn own_card() -> Result<Card, Box<dyn std::error::Error>> {
    check_device()?;
    Ok(Card { gpu: nccl::identity()?, version: nccl::version()? })
}

impl ProcessGroup for Nccl {
    fn rank(&self) -> usize {
        self.ranks.rank()
    }

    fn ranks(&self) -> usize {
        self.ranks.ranks()
    }

    fn sum(&self, values: &mut [Real]) -> Result<(), ProcessGroupError> {
        self.ranks.sum(values)
    }

    /// The sum is formed on the GPUs, without a copy to the host.
    fn sum_tensor(&self, values: &mut Vector) -> Result<(), ProcessGroupError> {
        let mut communicator = self.communicator.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |failure: NcclFailure| ProcessGroupError::device(&*self.ranks, failure);
        try_change(values, |values| communicator.sum(values)).map_err(failed)
    }

    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError> {
        self.ranks.gather(own)
    }

    fn broadcast(&self, own: &[u8]) -> Result<Vec<u8>, ProcessGroupError> {
        self.ranks.broadcast(own)
    }
}
