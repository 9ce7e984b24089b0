//! Basis vectors as directions.

use dfdx::prelude::*;
use std::ops::Range;

use crate::device::{Dev, Real};

/// The basis vectors for every one of `batch` samples, direction-major: `[width * batch, width]`.
pub fn axes<W: Dim>(batch: usize, width: W) -> Tensor<(usize, W), Real, Dev> {
    some_axes(batch, width, 0..width.size())
}

/// Some of them, `[which.len() * batch, width]`.
#[cfg(not(device_kernels))]
pub fn some_axes<W: Dim>(batch: usize, width: W, which: Range<usize>) -> Tensor<(usize, W), Real, Dev> {
    let mut directions = vec![0.0; which.len() * batch * width.size()];
    for (row, direction) in directions.chunks_exact_mut(width.size()).enumerate() {
        direction[which.start + row / batch] = 1.0;
    }
    crate::buffers::tensor(directions, (which.len() * batch, width))
}

/// Some of them, `[which.len() * batch, width]`.
#[cfg(device_kernels)]
pub fn some_axes<W: Dim>(batch: usize, width: W, which: Range<usize>) -> Tensor<(usize, W), Real, Dev> {
    let (first, count) = (which.start, which.len());
    crate::buffers::native::filled((count * batch, width), |y| {
        crate::gpu::jacobian::axes(batch, width.size(), first, count, y)
    })
}
