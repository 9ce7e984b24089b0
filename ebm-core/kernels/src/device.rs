//! The element type and the device every tensor of the system uses.
//!
//! Both are aliases chosen by Cargo features, not generic parameters: a build is for one precision and one kind of
//! device, so bounds and models stay readable.

use dfdx::prelude::*;
use std::sync::OnceLock;

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

/// Rows of values whose number of columns is a dimension, `[R, C]`.
pub type Rows<C, T = NoneTape> = Tensor<(usize, C), Real, Dev, T>;

/// The error type of the device in use.
pub type DevError = <Dev as HasErr>::Err;
/// The result of work that the device may refuse.
pub type DevResult<T = ()> = Result<T, DevError>;

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
    /// CUDA's message.
    pub reason: String,
}

/// Whether there is a device to compute on. The CPU always is.
///
/// # Errors
/// In a build for CUDA, if the machine has no GPU, or its driver or libraries do not work.
pub fn check_device() -> Result<(), DeviceError> {
    DEVICE.with(|device| device.as_ref().map(|_| ()).map_err(Clone::clone))
}

/// Makes this process compute on the GPU of this number among those that it sees (`CUDA_VISIBLE_DEVICES`), modulo how many there
/// are. A process that shares a machine with others of its job passes its number among them.
///
/// Without a call it is the first one. The CPU is one device, whatever the number.
///
/// # Panics
/// If it was called before, or the process has used its device already.
pub fn choose_device(number: usize) {
    assert!(CHOSEN.set(number).is_ok(), "the device of this process is in use already");
}

/// The number that was asked for.
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
    // Checked first, as making a device panics where the driver finds none.
    result::init().map_err(|error| refused(error.to_string()))?;
    let count = result::device::get_count().map_err(|error| refused(error.to_string()))?;
    let count = usize::try_from(count).unwrap_or(0);
    if count == 0 {
        return Err(refused("the driver finds none".into()));
    }
    // The seed is of no account: random numbers are handed in.
    Dev::try_build(number % count, 0).map_err(|error| refused(error.to_string()))
}

/// A type that two threads may use at once: on the CPU, any that Rust allows to be shared.
#[cfg(not(feature = "cuda"))]
pub trait Shareable: Send + Sync {}
#[cfg(not(feature = "cuda"))]
impl<T: Send + Sync + ?Sized> Shareable for T {}

/// A type that two threads may use at once. A CUDA device's handles do not cross threads, so nothing is required, and nothing
/// runs on two (see [`parallel::both`](crate::parallel::both)).
#[cfg(feature = "cuda")]
pub trait Shareable {}
#[cfg(feature = "cuda")]
impl<T: ?Sized> Shareable for T {}

/// Returns what `work` returns.
///
/// # Panics
/// If the device fails, as dfdx's own operations do.
pub fn run<T>(work: impl FnOnce() -> DevResult<T>) -> T {
    work().unwrap_or_else(|e| panic!("running a kernel: {e}"))
}
