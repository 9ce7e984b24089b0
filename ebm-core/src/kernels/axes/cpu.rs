//! Axes in a vector.

use dfdx::prelude::*;

use crate::buffers;
use crate::device::{Dev, Real};

pub(super) fn axes<C: Dim>(batch: usize, axis: C) -> Tensor<(usize, C), Real, Dev> {
    let width = axis.size();
    buffers::tensor(crate::jacobian::axes(batch, width), (width * batch, axis))
}
