//! Row by row.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, Real};

/// A linear map of a row; both directions add to what they are handed.
pub(crate) trait LinearMap: Copy + 'static {
    /// Values of a row, before and after.
    fn sizes(&self) -> (usize, usize);
    /// `y += A x`
    fn forward(&self, x: &[Real], y: &mut [Real]);
    /// `gx += A^T g`
    fn transpose(&self, g: &[Real], gx: &mut [Real]);
}

pub(super) fn apply(x: &Matrix, map: impl LinearMap) -> Matrix {
    let (rows, (inputs, outputs)) = (x.shape().0, map.sizes());
    let mut y = vec![0.0; rows * outputs];
    for (x, y) in read(x).chunks_exact(inputs).zip(y.chunks_exact_mut(outputs)) {
        map.forward(x, y);
    }
    buffers::tensor(y, (rows, outputs))
}

pub(super) fn add_transpose(gx: &mut [Real], g: &[Real], _: usize, map: impl LinearMap) -> Result<(), DevError> {
    let (inputs, outputs) = map.sizes();
    for (g, gx) in g.chunks_exact(outputs).zip(gx.chunks_exact_mut(inputs)) {
        map.transpose(g, gx);
    }
    Ok(())
}
