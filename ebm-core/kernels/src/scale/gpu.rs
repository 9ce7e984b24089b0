//! The multiple on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{Dev, DevError, PerSample, Real};
use crate::gpu::{In, elementwise, reduce};

/// `a x`
pub(super) fn multiple<S: Shape>(x: &Tensor<S, Real, Dev>, factor: &PerSample) -> Tensor<S, Real, Dev> {
    filled(*x.shape(), |y| {
        elementwise::multiply(y.len(), stored(factor)?.read(), stored(x)?.read(), y)
    })
}

/// `gf += sum_i g_i x_i`
pub(super) fn add_product<S: Shape>(gf: Added, g: &Taken, x: &Tensor<S, Real, Dev>) -> Result<(), DevError> {
    reduce::add_dot(In::of(g), stored(x)?.read(), gf)
}

/// `gx += a g`
pub(super) fn add_multiple(gx: Added, g: &Taken, factor: &PerSample) -> Result<(), DevError> {
    elementwise::add_multiple(gx.len(), 1.0, stored(factor)?.read(), In::of(g), gx)
}
