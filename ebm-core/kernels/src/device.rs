//! The element type and the device every tensor of the system uses.
//!
//! Both are aliases chosen by Cargo features, not generic parameters: a build is for one precision and one kind of
//! device, so bounds and models stay readable.
//!
//! ```
//! use dfdx::prelude::*;
//! use ebm_kernels::device::{Dev, DevError, Matrix, PerSample, Real, Scalar, Taped, Vector, device, values};
//! use ebm_kernels::tape::SharedTape;
//!
//! let device: Dev = device();
//! let rows: Matrix = device.tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
//! // Values are read row by row.
//! let read: Vec<Real> = values(&rows);
//! assert_eq!(read, [1.0, 2.0, 3.0, 4.0]);
//!
//! let in_a_row: Vector = device.tensor_from_vec(vec![1.0, 2.0, 3.0], (3,));
//! assert_eq!(values(&in_a_row), [1.0, 2.0, 3.0]);
//! let a_row: PerSample = rows.clone().sum::<(usize,), Axis<1>>();
//! assert_eq!(values(&a_row), [3.0, 7.0]);
//! let total: Scalar = a_row.sum();
//! assert_eq!(values(&total), [10.0]);
//!
//! // What a tape records has the same values, and the same shape.
//! let recorded: Taped<(usize, usize)> = SharedTape::inputs_only().watch(&rows);
//! assert_eq!(values(&recorded), read);
//!
//! let zeros: Result<PerSample, DevError> = device.try_zeros_like(&(3,));
//! assert_eq!(values(&zeros?), [0.0; 3]);
//! # Ok::<(), DevError>(())
//! ```

use dfdx::prelude::*;
use std::sync::OnceLock;

use crate::tape::SharedTape;

/// Element type: `f32`, or `f64` with the feature `f64` (gradient checks).
#[cfg(not(feature = "f64"))]
pub type Real = f32;
/// Element type: `f32`, or `f64` with the feature `f64` (gradient checks).
#[cfg(feature = "f64")]
pub type Real = f64;

/// Whether [`Real`] is `f64`.
pub const DOUBLE_PRECISION: bool = cfg!(feature = "f64");

/// The device: dfdx's `Cpu`, or `Cuda` with the feature `cuda`.
#[cfg(not(feature = "cuda"))]
pub type Dev = Cpu;
/// The device: dfdx's `Cpu`, or `Cuda` with the feature `cuda`.
#[cfg(feature = "cuda")]
pub type Dev = Cuda;

/// One value a sample, shape `[B]`.
pub type PerSample<T = NoneTape> = Tensor<(usize,), Real, Dev, T>;
/// A single value.
pub type Scalar<T = NoneTape> = Tensor<Rank0, Real, Dev, T>;
/// Values in a row, shape `[n]`.
pub type Vector<T = NoneTape> = Tensor<(usize,), Real, Dev, T>;
/// A matrix whose two axes are known at run time only, `[rows, columns]`.
pub type Matrix<T = NoneTape> = Tensor<(usize, usize), Real, Dev, T>;
/// A tensor whose operations are recorded for differentiation.
pub type Taped<S> = Tensor<S, Real, Dev, SharedTape>;

/// The error type of the device in use.
pub type DevError = <Dev as HasErr>::Err;

/// The device of this thread (a CUDA device's handles do not cross threads).
///
/// # Panics
/// If there is none: [`check_device`] says so beforehand.
pub fn device() -> Dev {
    DEVICE.with(|device| match device {
        Ok(device) => device.clone(),
        Err(error) => panic!("{error}"),
    })
}

/// The device cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "no CUDA device can be used: {reason}; nvidia-smi shows what the driver finds, and a build without the feature cuda runs on the CPU"
)]
#[non_exhaustive]
pub struct DeviceError {
    /// What CUDA says.
    pub reason: String,
}

/// Whether there is a device to compute on. The CPU always is.
///
/// # Errors
/// In a build for CUDA, if the machine has no GPU, or its driver or libraries do not work.
pub fn check_device() -> Result<(), DeviceError> {
    DEVICE.with(|device| device.as_ref().map(|_| ()).map_err(Clone::clone))
}

/// Has this process compute on the GPU of this number among those that it sees (`CUDA_VISIBLE_DEVICES`), counted from 0, or from 0
/// again where there are not so many: for a process that shares a machine with others of its job, its number among these.
///
/// Without a call it is the first one. The CPU is one device, whatever the number.
///
/// # Panics
/// If it was called before, or the process has looked at its device already.
pub fn choose_device(number: usize) {
    assert!(
        CHOSEN.set(number).is_ok(),
        "the device of this process is in use already"
    );
}

/// What was asked for.
static CHOSEN: OnceLock<usize> = OnceLock::new();

thread_local!(static DEVICE: Result<Dev, DeviceError> = open_device(*CHOSEN.get_or_init(|| 0)));

#[cfg(not(feature = "cuda"))]
fn open_device(_: usize) -> Result<Dev, DeviceError> {
    Ok(Dev::default())
}

#[cfg(feature = "cuda")]
fn open_device(number: usize) -> Result<Dev, DeviceError> {
    use cudarc::driver::result;
    let refused = |reason: String| DeviceError { reason };
    // Asked first, as making a device panics where the driver finds none.
    result::init().map_err(|error| refused(error.to_string()))?;
    let count = result::device::get_count().map_err(|error| refused(error.to_string()))?;
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        return Err(refused("the driver finds none".into()));
    }
    // The seed is of no account: random numbers are handed in.
    Dev::try_build(number % count, 0).map_err(|error| refused(error.to_string()))
}

/// What two threads may use at once: on the CPU, whatever Rust says may be.
///
/// ```
/// use ebm_kernels::device::Shareable;
/// use ebm_kernels::parallel::both;
///
/// fn extremes<T: Shareable + AsRef<[f64]>>(x: &T) -> (f64, f64) {
///     both(
///         || x.as_ref().iter().copied().fold(f64::INFINITY, f64::min),
///         || x.as_ref().iter().copied().fold(f64::NEG_INFINITY, f64::max),
///     )
/// }
/// assert_eq!(extremes(&vec![2.0, -1.0, 5.0]), (-1.0, 5.0));
/// ```
#[cfg(not(feature = "cuda"))]
pub trait Shareable: Send + Sync {}
#[cfg(not(feature = "cuda"))]
impl<T: Send + Sync + ?Sized> Shareable for T {}

/// What two threads may use at once. A CUDA device's handles do not cross threads, so nothing is asked for, and nothing runs
/// on two (see [`parallel::both`](crate::parallel::both)).
#[cfg(feature = "cuda")]
pub trait Shareable {}
#[cfg(feature = "cuda")]
impl<T: ?Sized> Shareable for T {}

/// The values of a tensor in row-major order, on the host.
pub fn values<S: Shape, T>(tensor: &Tensor<S, Real, Dev, T>) -> Vec<Real> {
    let plain: Tensor<S, Real, Dev> = tensor.retaped();
    crate::buffers::read(&plain).into_owned()
}
