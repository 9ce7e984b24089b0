//! The sum on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix};
use crate::gpu::{In, elementwise};

/// `a + b`
pub(super) fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    filled(*a.shape(), |y| {
        let (a, b) = (stored(a)?, stored(b)?);
        elementwise::add_up(y.len(), a.read(), b.read(), y)
    })
}

/// `to += from`
pub(super) fn plus(to: Added, from: &Taken) -> Result<(), DevError> {
    elementwise::add_to(to.len(), In::of(from), to)
}
