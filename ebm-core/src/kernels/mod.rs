//! Operations on the tape with kernels of their own.
//!
//! dfdx's CPU kernels walk strided iterators with scalar arithmetic; these work on slices, vectorise, use both cores and
//! fuse what belongs together. Every operation comes with its pushforward: the rows of a batch are followed by the rows
//! of K tangents (`[primal; tangent 1; ...; tangent K]`), so that values and directional derivatives share one product.
//!
//! The row convention is the one of [`Generator::pushforward`](crate::models::Generator::pushforward).

pub mod batch_norm;
pub mod columns;
pub mod confine;
mod cross_entropy;
pub mod dense;
pub mod fourier;
pub(crate) mod gemm;
pub(crate) mod math;
pub mod monotone;
pub mod parallel;
mod reduce;
pub mod rows;
pub mod scale;
pub mod spectral;
pub mod stretch;

pub use cross_entropy::cross_entropy;
pub use dense::Activation;
pub use reduce::{differentiated, hinge, mean, row_dot, sum};

#[cfg(test)]
pub(crate) mod check;
