//! How many floating-point operations the matrix products and convolutions of this process did.
//!
//! A multiply-add counts as two. What is counted is what is done: blocks that no gradient reached are left out, and a
//! convolution that is computed as the transposed one counts as that. Activations, normalisation, reductions and the
//! decompositions of small matrices are not counted; beside the products they are few.
//!
//! ```
//! use ebm_kernels::device::{Matrix, PerSample, device};
//! # use dfdx::prelude::*;
//! use ebm_kernels::dense::{Dense, dense};
//! use ebm_kernels::{Activation, flops};
//! use ebm_kernels::tape::SharedTape;
//!
//! let layer = Dense {
//!     weight: { let w: PerSample = device().zeros_like(&(30 * 20,)); w },
//!     bias: None,
//!     slope: None,
//!     inputs: 30,
//!     outputs: 20,
//!     activation: Activation::Identity,
//!     trains: false,
//! };
//! let x: Matrix = device().zeros_like(&(100, 30));
//! let before = flops::done();
//! dense(SharedTape::off().watch(&x), 100, layer);
//! // Other threads count, too.
//! assert!(flops::done() - before >= 2 * 100 * 30 * 20);
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

static DONE: AtomicU64 = AtomicU64::new(0);

/// Floating-point operations since the process began.
pub fn done() -> u64 {
    DONE.load(Ordering::Relaxed)
}

/// Counts a product of `[rows, inner]` and `[inner, columns]`.
pub(crate) fn count(rows: usize, inner: usize, columns: usize) {
    DONE.fetch_add(2 * (rows * inner * columns) as u64, Ordering::Relaxed);
}
