//! Sines and cosines on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix, PerSample};
use crate::gpu::fourier::{add_first_columns, fourier_backward, fourier_forward};
use crate::gpu::gemm::{self, Factor};
use crate::gpu::{In, Out, zeros};

/// The angles and, below, their rates: what the backward pass needs.
pub(super) type Kept = Matrix;

pub(super) fn forward(x: &Matrix, primal: usize, frequencies: &PerSample) -> (Matrix, Kept) {
    let (rows, columns) = *x.shape();
    let count = frequencies.shape().0 / columns;
    let angles = filled((rows, count), |angles| {
        let (x, frequencies) = (stored(x)?, stored(frequencies)?);
        let frequencies = Factor::new(frequencies.read(), count, columns);
        gemm::write(Factor::new(x.read(), rows, columns), frequencies.transpose(), angles)
    });
    let y = filled((rows, columns + 2 * count), |y| {
        fourier_forward(
            rows,
            primal,
            columns,
            count,
            stored(x)?.read(),
            stored(&angles)?.read(),
            y,
        )
    });
    (y, angles)
}

pub(super) fn add_gradient(
    mut gx: Added,
    g: &Taken,
    angles: &Kept,
    primal: usize,
    frequencies: &PerSample,
) -> Result<(), DevError> {
    let (rows, count) = *angles.shape();
    let columns = gx.len() / rows;
    let mut of_angles = zeros(rows * count)?;
    let (angles, frequencies) = (stored(angles)?, stored(frequencies)?);
    fourier_backward(
        rows,
        primal,
        columns,
        count,
        angles.read(),
        In::of(g),
        Out::of(&mut of_angles),
    )?;
    add_first_columns(rows, columns, columns + 2 * count, In::of(g), gx.again())?;
    let of_angles = Factor::new(In::of(&of_angles), rows, count);
    gemm::add(of_angles, Factor::new(frequencies.read(), count, columns), gx)
}
