//! Endings on the device.

use dfdx::prelude::*;

use super::Ending;
use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix};
use crate::gpu::activation::Form;
use crate::gpu::{In, Out, ending as kernels};

/// `phi(x)`, and `phi'(x)` times the tangents.
pub(super) fn ended(x: &Matrix, primal: usize, ending: Ending) -> Matrix {
    let (rows, width) = *x.shape();
    let Form { number, leak } = ending.into();
    filled((rows, width), |y| {
        kernels::end(primal * width, rows / primal, number, leak, stored(x)?.read(), y)
    })
}

/// Turns the cotangents of `y` into those before the ending, in place.
pub(crate) fn pull_back(g: &mut Taken, y: &Matrix, primal: usize, ending: Ending) -> Result<(), DevError> {
    let (rows, width) = *y.shape();
    let Form { number, leak } = ending.into();
    kernels::pull_back_ending(
        primal * width,
        rows / primal,
        number,
        leak,
        stored(y)?.read(),
        Out::of(g),
    )
}

/// Adds the cotangents before the ending.
pub(super) fn add_ended(gx: Added, g: Taken, y: &Matrix, primal: usize, ending: Ending) -> Result<(), DevError> {
    let (rows, width) = *y.shape();
    let Form { number, leak } = ending.into();
    kernels::add_ended(
        primal * width,
        rows / primal,
        number,
        leak,
        In::of(&g),
        stored(y)?.read(),
        gx,
    )
}
