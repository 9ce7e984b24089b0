//! Operations on the tape with kernels of their own.
//!
//! dfdx's CPU kernels walk strided iterators with scalar arithmetic; these work on slices, vectorise, use both cores and
//! fuse what belongs together. Every operation comes with its pushforward: the rows of a batch are followed by the rows
//! of K tangents (`[primal; tangent 1; ...; tangent K]`), so that values and directional derivatives share one product.
//!
//! Rows of tangents follow in the order of their directions: all samples of the first direction, then all of the second.

#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(all(feature = "cuda", feature = "cuda-emulation"))]
compile_error!(
    "the features `cuda` and `cuda-emulation` exclude each other: one runs the kernels on a GPU, the other on the CPU"
);

pub mod activate;
pub mod add;
pub mod axes;
pub mod batch_norm;
pub mod buffers;
pub mod channel_shift;
#[cfg(not(device_kernels))]
mod channels;
pub mod columns;
pub mod combine;
pub mod confine;
pub mod conv;
mod cross_entropy;
pub mod denoise;
pub mod dense;
pub mod device;
pub mod directions;
pub mod ending;
mod figures;
pub mod flops;
pub mod fourier;
#[cfg(not(feature = "cuda"))]
pub(crate) mod gemm;
#[cfg(device_kernels)]
pub mod gpu;
mod image;
mod linear;
pub mod math;
pub mod monotone;
pub mod normal;
pub mod parallel;
pub mod parameter;
pub mod random;
mod reduce;
pub mod resample;
pub mod residual;
pub mod rows;
pub mod scale;
pub mod smallest;
pub mod spectral;
pub mod stretch;
pub mod sum_pool;
pub mod tape;
pub mod unary;
pub mod update;
pub mod volume;

pub use cross_entropy::cross_entropy;
pub use dense::Activation;
pub use ending::Ending;
pub use figures::Figures;
pub use image::Extent;
pub use reduce::{differentiated, differentiated_by, hinge, mean, row_dot, sum};

pub mod check;

/// Its tensors are part of this crate's interface: a crate that uses more of dfdx than what is here takes it from here, and so
/// in the right version.
pub use dfdx;
