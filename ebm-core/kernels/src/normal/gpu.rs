//! Densities on the device.

use dfdx::prelude::*;

use crate::Figures;
use crate::buffers::native::{filled, run, stored};
use crate::device::{Dev, Matrix, Real};
use crate::gpu::{self, Out, zeros};

pub(super) fn log_density<C: Dim>(
    outputs: &Matrix,
    z: &Tensor<(usize, C), Real, Dev>,
    (low, high): (f64, f64),
) -> (Figures, Matrix) {
    let (rows, columns) = (z.shape().0, z.shape().1.size());
    let mut values = run(|| zeros(rows));
    let slopes = filled(*outputs.shape(), |slopes| {
        let (outputs, z) = (stored(outputs)?, stored(z)?);
        let values = Out::of(&mut values);
        gpu::figures::log_density(rows, columns, low, high, outputs.read(), z.read(), values, slopes)
    });
    (Figures(values), slopes)
}
