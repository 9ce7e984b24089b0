//! Axes on the device.

use dfdx::prelude::*;

use crate::buffers::native::filled;
use crate::device::{Dev, Real};
use crate::gpu;

pub(super) fn axes<C: Dim>(batch: usize, axis: C) -> Tensor<(usize, C), Real, Dev> {
    let width = axis.size();
    filled((width * batch, axis), |y| gpu::combine::axes(batch, width, y))
}
