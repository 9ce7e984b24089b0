use thiserror::Error;

use super::ProcessGroup;

/// The ranks can no longer work together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessGroupError {
    /// A rank left while others wait for it.
    #[error("process {} of {ranks} is gone", rank + 1)]
    Gone {
        /// The rank, counted from 0.
        rank: usize,
        /// Number of ranks.
        ranks: usize,
    },
    /// A sum on the device failed on a rank, or cannot be had. The others may wait for it for ever, so it must end the job.
    #[error("process {} of {ranks}: {reason}", rank + 1)]
    Device {
        /// The rank, counted from 0.
        rank: usize,
        /// Number of ranks.
        ranks: usize,
        /// The cause of the failure.
        reason: String,
    },
    /// An unexpected message arrived. This is a bug: the ranks are at different points of the program.
    #[error("process {}: the ranks are out of step (please report this): {reason}", rank + 1)]
    OutOfStep {
        /// The rank that found it.
        rank: usize,
        /// A description of the mismatch.
        reason: String,
    },
}

impl ProcessGroupError {
    #[cfg(feature = "nccl")]
    pub(crate) fn device(group: &dyn ProcessGroup, reason: impl ToString) -> Self {
        Self::Device { rank: group.rank(), ranks: group.ranks(), reason: reason.to_string() }
    }

    /// A message that this rank did not expect.
    pub(crate) fn out_of_step(group: &dyn ProcessGroup, reason: impl ToString) -> Self {
        Self::OutOfStep { rank: group.rank(), reason: reason.to_string() }
    }
}
