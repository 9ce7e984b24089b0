//! Operations on the tape with kernels of their own.
//!
//! dfdx's CPU kernels walk strided iterators with scalar arithmetic; these work on slices, vectorise, use both cores and
//! fuse what belongs together. Every operation comes with its pushforward: the rows of a batch are followed by the rows
//! of K tangents (`[primal; tangent 1; ...; tangent K]`), so that values and directional derivatives share one product.
//!
//! The row convention is the one of [`Generator::pushforward`](crate::models::Generator::pushforward).

pub mod activate;
pub mod add;
pub mod batch_norm;
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
pub mod directions;
pub mod ending;
mod figures;
pub mod flops;
pub mod fourier;
#[cfg(not(feature = "cuda"))]
pub(crate) mod gemm;
mod image;
mod linear;
pub(crate) mod math;
pub mod monotone;
pub mod normal;
pub mod parallel;
mod reduce;
pub mod resample;
pub mod residual;
pub mod rows;
pub mod scale;
pub mod spectral;
pub mod stretch;
pub mod sum_pool;
pub(crate) mod unary;

pub use cross_entropy::cross_entropy;
pub use dense::Activation;
pub use ending::Ending;
pub use figures::Figures;
pub use image::Extent;
pub use reduce::{differentiated, differentiated_by, hinge, mean, row_dot, sum};

#[cfg(test)]
pub(crate) mod check;
