//! Operations on the tape with kernels of their own.
//!
//! dfdx's CPU kernels walk strided iterators with scalar arithmetic; these work on slices, vectorise, use all cores and
//! fuse what belongs together. Every operation comes with its pushforward: the rows of a batch are followed by the rows
//! of K tangents (`[primal; tangent 1; ...; tangent K]`), so that values and directional derivatives share one product.
//!
//! Rows of tangents follow in the order of their directions: all samples of the first direction, then all of the second.
//!
//! An operation is a folder: its formula, its derivative and its tests in `mod.rs`, its kernels on slices in `cpu.rs`, the
//! declarations of those on a GPU in `cuda.rs`, their source in a `.cu` file, and its cases of the [self-test](selftest).

#![deny(unsafe_code)]
#![warn(missing_docs)]
// Kernels take sizes and arrays one by one, as their sources on the device do.
#![allow(clippy::too_many_arguments)]

#[cfg(all(feature = "cuda", feature = "cuda-emulation"))]
compile_error!(
    "the features `cuda` and `cuda-emulation` exclude each other: one runs the kernels on a GPU, the other on the CPU"
);

// The device, arrays on it, and the tape.
pub mod buffers;
pub mod device;
#[cfg_attr(not(device_kernels), path = "elementwise/cpu.rs")]
#[cfg_attr(device_kernels, path = "elementwise/cuda.rs")]
mod elementwise;
pub mod flops;
mod gemm;
#[cfg(device_kernels)]
pub mod gpu;
mod image;
mod math;
pub mod parallel;
pub mod parameter;
mod prelude;
pub mod random;
mod record;
pub mod tape;

// What is proved of functions.
pub mod enclosure;

// What checks the operations.
pub mod check;
pub mod selftest;

// The operations.
pub mod activation;
pub mod add;
pub mod batch_norm;
pub mod channel_shift;
mod channel_sums;
pub mod columns;
pub mod combine;
pub mod confine;
pub mod conv;
mod cross_entropy;
pub mod denoise;
pub mod dense;
mod device_vec;
pub mod directions;
pub mod epilogue;
pub mod fourier;
pub mod kernel_sum;
mod linear;
pub mod mixture;
pub mod monotone;
pub mod normal;
mod reduce;
pub mod resample;
pub mod residual;
pub mod rows;
pub mod scale;
pub mod smallest;
pub mod spectral;
pub mod stretch;
pub mod sum_pool;
pub mod update;
pub mod volume;

pub use activation::Activation;
pub use cross_entropy::cross_entropy;
pub use device_vec::DeviceVec;
pub use epilogue::Epilogue;
pub use image::Extent;
pub use reduce::{differentiated, differentiated_by, hinge, mean, row_dot, sum, with_vjp};

/// Re-exported because its tensors are part of this crate's interface. Import anything else you need of dfdx from here, to get
/// the same version.
pub use dfdx;
#[doc(hidden)]
pub use inventory;
