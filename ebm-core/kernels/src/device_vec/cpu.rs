//! Numbers in a vector.

use crate::device::{DevResult, Real};

/// `y_r = sum_c x_rc^2`
pub(super) fn squared_norms(_: usize, columns: usize, x: &[Real], y: &mut [f64]) -> DevResult {
    for (y, row) in y.iter_mut().zip(x.chunks_exact(columns)) {
        *y = row.iter().map(|v| f64::from(*v).powi(2)).sum();
    }
    Ok(())
}

/// The numbers, rounded.
pub(super) fn rounded(_: usize, x: &[f64], y: &mut [Real]) -> DevResult {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = *x as Real);
    Ok(())
}
