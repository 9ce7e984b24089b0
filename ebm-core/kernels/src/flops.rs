//! The number of floating-point operations that the matrix products and convolutions of this process did.
//!
//! A multiply-add counts as two. Only what is done is counted: blocks that no gradient reached are left out, and a
//! convolution that is computed as the transposed one counts as that. Activations, normalisation, reductions and the
//! decompositions of small matrices are not counted; beside the products they are few.

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
