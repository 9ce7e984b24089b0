//! All rows at once.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix};
use crate::gpu::{In, Out};

/// A linear map of rows; both directions add to what they are handed.
pub(crate) trait LinearMap: Copy + 'static {
    /// Values of a row, before and after.
    fn sizes(&self) -> (usize, usize);
    /// `y += A x`
    fn forward(&self, rows: usize, x: In, y: Out) -> Result<(), DevError>;
    /// `gx += A^T g`
    fn transpose(&self, rows: usize, g: In, gx: Out) -> Result<(), DevError>;
}

pub(super) fn apply(x: &Matrix, map: impl LinearMap) -> Matrix {
    let rows = x.shape().0;
    filled((rows, map.sizes().1), |y| map.forward(rows, stored(x)?.read(), y))
}

pub(super) fn add_transpose(gx: Added, g: &Taken, rows: usize, map: impl LinearMap) -> Result<(), DevError> {
    map.transpose(rows, In::of(g), gx)
}
