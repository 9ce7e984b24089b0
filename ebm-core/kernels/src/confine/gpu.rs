//! The confinement on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix, Real};
use crate::gpu::{In, confine};

/// `y + kappa/2 ||x||^2`, and `y + kappa <x, t>` for tangents.
pub(super) fn confined(y: &Matrix, x: &Matrix, primal: usize, kappa: Real) -> Matrix {
    let (rows, columns) = *x.shape();
    filled(*y.shape(), |out| {
        confine::confine(rows, columns, primal, kappa, stored(y)?.read(), stored(x)?.read(), out)
    })
}

/// Adds the cotangents of x.
pub(super) fn add_confined(gx: Added, g: &Taken, x: &Matrix, primal: usize, kappa: Real) -> Result<(), DevError> {
    let (rows, columns) = *x.shape();
    confine::add_confined(primal, columns, rows / primal, kappa, In::of(g), stored(x)?.read(), gx)
}
