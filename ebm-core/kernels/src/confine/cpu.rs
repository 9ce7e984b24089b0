//! The confinement on slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, Real};

/// `y + kappa/2 ||x||^2`, and `y + kappa <x, t>` for tangents.
pub(super) fn confined(y: &Matrix, x: &Matrix, primal: usize, kappa: Real) -> Matrix {
    let (rows, columns) = *x.shape();
    let values: Vec<Real> = {
        let (y, x) = (read(y), read(x));
        let row = |i: usize| &x[i * columns..(i + 1) * columns];
        let dot = |a: &[Real], b: &[Real]| -> Real { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        (0..rows)
            .map(|i| {
                let weight = if i < primal { 0.5 * kappa } else { kappa };
                y[i] + weight * dot(row(i), row(i % primal))
            })
            .collect()
    };
    buffers::tensor(values, *y.shape())
}

/// Adds the cotangents of x.
pub(super) fn add_confined(
    gx: &mut [Real],
    g: &[Real],
    x: &Matrix,
    primal: usize,
    kappa: Real,
) -> Result<(), DevError> {
    let columns = x.shape().1;
    let x = read(x);
    for (i, g) in g.iter().enumerate() {
        let sample = i % primal;
        for j in 0..columns {
            // For a value row both factors are the same row, hence the weight 1/2 there.
            let weight = if i < primal { 0.5 * kappa * g } else { kappa * g };
            gx[i * columns + j] += weight * x[sample * columns + j];
            gx[sample * columns + j] += weight * x[i * columns + j];
        }
    }
    Ok(())
}
