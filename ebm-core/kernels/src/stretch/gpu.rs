//! The stretch on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix, PerSample};
use crate::gpu::{In, columns};

/// `e^l x`
pub(super) fn stretched(x: &Matrix, logarithms: &PerSample) -> Matrix {
    let (rows, width) = *x.shape();
    filled((rows, width), |y| {
        columns::stretch(rows, width, stored(logarithms)?.read(), stored(x)?.read(), y)
    })
}

/// `gl_c += sum_r e^(l_c) g_rc x_rc`
pub(super) fn add_to_logarithms(gl: Added, g: &Taken, x: &Matrix, logarithms: &PerSample) -> Result<(), DevError> {
    columns::add_stretch_gradient(*x.shape(), stored(logarithms)?.read(), In::of(g), stored(x)?.read(), gl)
}

/// `gx += e^l g`
pub(super) fn add_stretched(gx: Added, g: &Taken, logarithms: &PerSample) -> Result<(), DevError> {
    let width = logarithms.shape().0;
    columns::add_stretched(
        gx.len() / width.max(1),
        width,
        stored(logarithms)?.read(),
        In::of(g),
        gx,
    )
}
