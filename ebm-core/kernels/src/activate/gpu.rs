//! Activations on the device.

use dfdx::prelude::*;

use crate::Activation;
use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix, PerSample};
use crate::gpu::In;
use crate::gpu::activation::{self, Form, Slope};

/// `phi(x)`, and `phi'(x)` times the tangents.
pub(super) fn activated(x: &Matrix, primal: usize, activation: Activation, learned: Option<&PerSample>) -> Matrix {
    let (rows, width) = *x.shape();
    let Form { number, leak } = activation.into();
    filled((rows, width), |y| {
        let slope = Slope::of(learned)?;
        activation::activate(
            primal * width,
            rows / primal,
            number,
            leak,
            slope.read(),
            stored(x)?.read(),
            y,
        )
    })
}

/// Adds the gradient of a learned slope.
pub(super) fn add_to_slope(gs: Added, g: &Taken, x: &Matrix, primal: usize) -> Result<(), DevError> {
    let (rows, width) = *x.shape();
    activation::add_slope_gradient(primal * width, rows / primal, In::of(g), stored(x)?.read(), gs)
}

/// Adds the cotangents of x.
pub(super) fn add_activated(
    gx: Added,
    g: Taken,
    x: &Matrix,
    primal: usize,
    activation: Activation,
    learned: Option<&PerSample>,
) -> Result<(), DevError> {
    let (rows, width) = *x.shape();
    let Form { number, leak } = activation.into();
    let (n, blocks, slope) = (primal * width, rows / primal, Slope::of(learned)?);
    activation::add_activated(n, blocks, number, leak, slope.read(), In::of(&g), stored(x)?.read(), gx)
}
