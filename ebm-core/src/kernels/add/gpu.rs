//! The sum on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{Dev, DevError, Real};
use crate::gpu::{In, elementwise};

/// `a + b`
pub(super) fn sum<S: Shape>(a: &Tensor<S, Real, Dev>, b: &Tensor<S, Real, Dev>) -> Tensor<S, Real, Dev> {
    filled(*a.shape(), |y| {
        let (a, b) = (stored(a)?, stored(b)?);
        elementwise::add_up(y.len(), a.read(), b.read(), y)
    })
}

/// `to += from`
pub(super) fn plus(to: Added, from: &Taken) -> Result<(), DevError> {
    elementwise::add_to(to.len(), In::of(from), to)
}
