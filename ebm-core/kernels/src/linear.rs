//! Linear maps of rows, each given with its transpose.

use crate::prelude::*;

/// A linear map of rows; both directions add to what they are handed.
pub(crate) trait LinearMap: Copy + 'static {
    /// Values of a row, before and after.
    fn sizes(&self) -> (usize, usize);
    /// `y += A x`
    fn forward(&self, rows: usize, x: In, y: Out) -> DevResult;
    /// `gx += A^T g`
    fn transpose(&self, rows: usize, g: In, gx: Out) -> DevResult;
}

/// Applies the map to every row, tangents alike. The rows must be as wide as the map takes them.
pub(crate) fn linear(x: Matrix<SharedTape>, map: impl LinearMap) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let ((rows, width), (inputs, outputs)) = (*x.shape(), map.sizes());
    assert_eq!(width, inputs, "the width of the rows");
    let y = filled((rows, outputs), |y| map.forward(rows, stored(&x)?.read(), y));
    record_unary(tape, &x, y, move |gx, g| map.transpose(rows, view(&g), gx))
}
