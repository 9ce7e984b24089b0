//! Sums on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{Dev, DevError, PerSample, Real, Scalar};
use crate::gpu::{In, elementwise, reduce};

/// `scale sum_i x_i`, in double precision: the sum of a batch is what gets logged and compared.
pub(super) fn total(x: &PerSample, scale: Real) -> Scalar {
    filled((), |y| {
        let x = stored(x)?;
        reduce::scaled_sum(x.read().len(), f64::from(scale), x.read(), y)
    })
}

/// `gx_i += scale g`
pub(super) fn add_number(gx: Added, g: &Taken, scale: Real) -> Result<(), DevError> {
    elementwise::add_number(gx.len(), scale, In::of(g), gx)
}

/// `gx_i += g slopes_i`
pub(super) fn add_slopes<S: Shape>(gx: Added, g: &Taken, slopes: &Tensor<S, Real, Dev>) -> Result<(), DevError> {
    elementwise::add_multiple(gx.len(), 1.0, In::of(g), stored(slopes)?.read(), gx)
}

/// `y_i = sum_j a_ij b_ij`
pub(super) fn row_products<C: Dim>(a: &Tensor<(usize, C), Real, Dev>, b: &Tensor<(usize, C), Real, Dev>) -> PerSample {
    let (rows, columns) = (a.shape().0, a.shape().1.size());
    filled((rows,), |y| {
        let (a, b) = (stored(a)?, stored(b)?);
        reduce::row_dot(rows, columns, a.read(), b.read(), y)
    })
}

/// `to_ij += g_i other_ij`
pub(super) fn add_scaled_rows<C: Dim>(
    to: Added,
    g: &Taken,
    other: &Tensor<(usize, C), Real, Dev>,
) -> Result<(), DevError> {
    let (rows, columns) = (other.shape().0, other.shape().1.size());
    reduce::add_scaled_rows(rows, columns, In::of(g), stored(other)?.read(), to)
}
