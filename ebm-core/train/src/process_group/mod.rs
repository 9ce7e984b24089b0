//! Several processes that train one model, each on its share of every batch (data parallelism).
//!
//! The trainer knows the others as a [`ProcessGroup`]: sums, and the exchange of messages. [`Alone`] is a process by itself, and
//! [`Threads`] are threads of one process, for tests. The feature `mpi` adds the processes of an MPI job, and the feature `nccl`
//! sums on the GPUs for any other group.

mod alone;
#[cfg(any(feature = "nccl", test))]
mod card;
mod error;
pub(crate) mod message;
#[cfg(feature = "mpi")]
pub mod mpi;
#[cfg(feature = "nccl")]
mod nccl;
mod threads;

pub use alone::Alone;
pub use error::ProcessGroupError;
#[cfg(feature = "nccl")]
pub use nccl::{Nccl, NcclError};
pub use threads::Threads;

use ebm_core::device::{self, Real, Vector};

/// A member of a group of equal processes, the ranks 0, 1, ..., that all call the same functions in the same order.
///
/// Every method waits for all ranks.
///
/// ```
/// use ebm_train::process_group::{Alone, ProcessGroup, ProcessGroupError, Threads};
/// use ebm_core::device::Real;
///
/// /// The mean over the ranks.
/// fn mean(group: &dyn ProcessGroup, value: Real) -> Result<Real, ProcessGroupError> {
///     let mut sum = [value];
///     group.sum(&mut sum)?;
///     Ok(sum[0] / group.ranks() as Real)
/// }
/// assert_eq!(mean(&Alone, 3.0)?, 3.0);
///
/// let ranks = Threads::group(3).into_iter().zip([1.0, 2.0, 6.0]);
/// let ranks: Vec<_> = ranks.map(|(rank, value)| std::thread::spawn(move || mean(&rank, value))).collect();
/// for rank in ranks {
///     assert_eq!(rank.join().unwrap()?, 3.0);
/// }
/// # Ok::<(), ProcessGroupError>(())
/// ```
pub trait ProcessGroup: Send + Sync {
    /// The number of this process, counted from 0.
    fn rank(&self) -> usize;

    /// Number of ranks, at least 1.
    fn ranks(&self) -> usize;

    /// Replaces `values` by their sums over the ranks, which all give the same number of values: to the same bits on
    /// every rank.
    ///
    /// # Errors
    /// If a rank is gone.
    fn sum(&self, values: &mut [Real]) -> Result<(), ProcessGroupError>;

    /// The same as [`sum`](Self::sum), for values that are where the models are: on the GPU in a build for one.
    /// Gradients are summed by it in builds whose kernels run on a device (features `cuda` and `cuda-emulation`), and
    /// by `sum` in others.
    ///
    /// By default they go through the host's memory.
    ///
    /// # Errors
    /// If a rank is gone, or the sum on the device fails: the others may then wait for this rank, and it must end the job.
    fn sum_tensor(&self, values: &mut Vector) -> Result<(), ProcessGroupError> {
        let mut on_host = device::values(values);
        self.sum(&mut on_host)?;
        values.copy_from(&on_host);
        Ok(())
    }

    /// Collects the bytes of every rank, in order of rank; their lengths may differ.
    ///
    /// # Errors
    /// If a rank is gone.
    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError>;

    /// Sends the bytes of rank 0 to all ranks; the bytes of the others are ignored.
    ///
    /// # Errors
    /// If a rank is gone.
    fn broadcast(&self, own: &[u8]) -> Result<Vec<u8>, ProcessGroupError> {
        let given = if self.rank() == 0 { own } else { &[] };
        Ok(self.gather(given)?.swap_remove(0))
    }
}
