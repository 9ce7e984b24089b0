//! When the other ranks cannot be reached.

use thiserror::Error;

use super::ProcessGroup;

/// The ranks can no longer work together.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProcessGroupError {
    /// A rank left while others wait for it.
    #[error("process {} of {ranks} is gone", rank + 1)]
    Gone {
        /// Which one, counted from 0.
        rank: usize,
        /// Number of ranks.
        ranks: usize,
    },
    /// A sum on the device failed on a rank. The others may wait for it for ever, so it must end the job.
    #[error("process {} of {ranks}: {reason}", rank + 1)]
    Device {
        /// Which one, counted from 0.
        rank: usize,
        /// Number of ranks.
        ranks: usize,
        /// What failed.
        reason: String,
    },
    /// A message is not what was expected. This is a bug: the ranks are not where they should be.
    #[error("process {}: the ranks are out of step (please report this): {reason}", rank + 1)]
    OutOfStep {
        /// The rank that found it.
        rank: usize,
        /// What it found.
        reason: String,
    },
}

impl ProcessGroupError {
    /// A message that this rank did not expect.
    pub(crate) fn out_of_step(group: &dyn ProcessGroup, reason: impl ToString) -> Self {
        Self::OutOfStep {
            rank: group.rank(),
            reason: reason.to_string(),
        }
    }
}
