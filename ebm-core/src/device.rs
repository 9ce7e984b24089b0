//! The element type and the device every tensor of the system uses.
//!
//! Both are aliases chosen by Cargo features, not generic parameters: a build is for one precision and one kind of
//! device, so bounds and models stay readable.

use dfdx::prelude::*;

use crate::tape::SharedTape;

/// Element type: `f32`, or `f64` with the feature `f64` (gradient checks).
#[cfg(not(feature = "f64"))]
pub type Real = f32;
/// Element type: `f32`, or `f64` with the feature `f64` (gradient checks).
#[cfg(feature = "f64")]
pub type Real = f64;

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
/// A matrix whose two axes are known at run time only, `[rows, columns]`.
pub type Matrix<T = NoneTape> = Tensor<(usize, usize), Real, Dev, T>;
/// A tensor whose operations are recorded for differentiation.
pub type Taped<S> = Tensor<S, Real, Dev, SharedTape>;

/// The error type of the device in use.
pub type DevError = <Dev as HasErr>::Err;

/// The device of this thread (a CUDA device's handles do not cross threads).
pub fn device() -> Dev {
    thread_local!(static DEVICE: Dev = Dev::default());
    DEVICE.with(Dev::clone)
}

/// What two threads may use at once: on the CPU, whatever Rust says may be.
#[cfg(not(feature = "cuda"))]
pub trait Shareable: Send + Sync {}
#[cfg(not(feature = "cuda"))]
impl<T: Send + Sync + ?Sized> Shareable for T {}

/// What two threads may use at once. A CUDA device's handles do not cross threads, so nothing is asked for, and nothing runs
/// on two (see [`parallel::both`](crate::kernels::parallel::both)).
#[cfg(feature = "cuda")]
pub trait Shareable {}
#[cfg(feature = "cuda")]
impl<T: ?Sized> Shareable for T {}

/// The values of a tensor in row-major order, on the host.
pub fn values<S: Shape, T>(tensor: &Tensor<S, Real, Dev, T>) -> Vec<Real> {
    let plain: Tensor<S, Real, Dev> = tensor.retaped();
    crate::buffers::read(&plain).into_owned()
}
