//! Several processes that train one model, each on its share of every batch (data parallelism).
//!
//! The trainer knows the others as a [`ProcessGroup`]: sums, and the exchange of messages. [`Alone`] is a process by itself, and
//! [`Threads`] are threads of one process, for tests. The feature `mpi` adds the processes of an MPI job, and the feature `nccl`
//! sums on the GPUs for any other group.

#[cfg(any(feature = "nccl", test))]
mod card;
mod error;
#[cfg(feature = "mpi")]
pub mod mpi;
#[cfg(feature = "nccl")]
mod nccl;
mod threads;

pub use error::ProcessGroupError;
#[cfg(feature = "nccl")]
pub use nccl::{Nccl, NcclError};
pub use threads::Threads;

use ebm_core::device::{self, Real, Vector};
use serde::{Serialize, de::DeserializeOwned};

/// A member of a group of equal processes, the ranks 0, 1, ..., that all call the same functions in the same order.
///
/// Every method waits for all ranks, and errs if one is gone.
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
/// let means = Threads::on_each(3, |rank| mean(&rank, [1.0, 2.0, 6.0][rank.rank()]));
/// assert_eq!(means, [Ok(3.0), Ok(3.0), Ok(3.0)]);
/// # Ok::<(), ProcessGroupError>(())
/// ```
pub trait ProcessGroup: Send + Sync {
    /// The number of this process, counted from 0.
    fn rank(&self) -> usize;

    /// Number of ranks, at least 1.
    fn ranks(&self) -> usize;

    /// Replaces `values` by their sums over the ranks, which all give the same number of values: to the same bits on
    /// every rank.
    fn sum(&self, values: &mut [Real]) -> Result<(), ProcessGroupError>;

    /// The same as [`sum`](Self::sum), for values that are where the models are: on the GPU in a build for one.
    /// Gradients are summed by it in builds whose kernels run on a device (features `cuda` and `cuda-emulation`), and
    /// by `sum` in others.
    ///
    /// By default they go through the host's memory.
    ///
    /// # Errors
    /// Also if the sum on the device fails: the others may then wait for this rank, and it must end the job.
    fn sum_tensor(&self, values: &mut Vector) -> Result<(), ProcessGroupError> {
        let mut on_host = device::values(values);
        self.sum(&mut on_host)?;
        values.copy_from(&on_host);
        Ok(())
    }

    /// Collects the bytes of every rank, in order of rank; their lengths may differ.
    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError>;

    /// Sends the bytes of rank 0 to all ranks; the bytes of the others are ignored.
    fn broadcast(&self, own: &[u8]) -> Result<Vec<u8>, ProcessGroupError> {
        let given = if self.rank() == 0 { own } else { &[] };
        Ok(self.gather(given)?.swap_remove(0))
    }
}

/// The only rank of its group: sums and messages stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alone;

impl ProcessGroup for Alone {
    fn rank(&self) -> usize {
        0
    }
    fn ranks(&self) -> usize {
        1
    }
    fn sum(&self, _values: &mut [Real]) -> Result<(), ProcessGroupError> {
        Ok(())
    }
    fn sum_tensor(&self, _values: &mut Vector) -> Result<(), ProcessGroupError> {
        Ok(())
    }
    fn gather(&self, own: &[u8]) -> Result<Vec<Vec<u8>>, ProcessGroupError> {
        Ok(vec![own.to_vec()])
    }
}

/// Collects the values of all ranks, in order of rank.
///
/// # Errors
/// If a rank is gone, or gives a value of another type.
pub fn gather<T: Serialize + DeserializeOwned>(group: &dyn ProcessGroup, own: &T) -> Result<Vec<T>, ProcessGroupError> {
    group.gather(&encoded(group, own)?)?.iter().map(|bytes| decoded(group, bytes)).collect()
}

/// Sends the value of rank 0 to all ranks; the values of the others are ignored.
///
/// # Errors
/// If a rank is gone, or rank 0 gives a value of another type.
pub fn broadcast<T: Serialize + DeserializeOwned>(group: &dyn ProcessGroup, own: &T) -> Result<T, ProcessGroupError> {
    decoded(group, &group.broadcast(&encoded(group, own)?)?)
}

fn encoded<T: Serialize>(group: &dyn ProcessGroup, value: &T) -> Result<Vec<u8>, ProcessGroupError> {
    rmp_serde::to_vec_named(value).map_err(|error| ProcessGroupError::out_of_step(group, error))
}

fn decoded<T: DeserializeOwned>(group: &dyn ProcessGroup, bytes: &[u8]) -> Result<T, ProcessGroupError> {
    rmp_serde::from_slice(bytes).map_err(|error| ProcessGroupError::out_of_step(group, error))
}
