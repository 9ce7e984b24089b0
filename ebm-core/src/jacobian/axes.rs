//! Basis vectors as directions.

use dfdx::prelude::*;

use crate::device::{Dev, Real};
use crate::kernels::directions;

/// The basis vectors for every one of `batch` samples, direction-major: `[width * batch, width]`.
pub fn axes<W: Dim>(batch: usize, width: W) -> Tensor<(usize, W), Real, Dev> {
    directions::axes(batch, width, 0..width.size())
}
