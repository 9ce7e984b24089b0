//! Densities on slices.

use dfdx::prelude::*;

use crate::Figures;
use crate::buffers::{self, read};
use crate::device::{Dev, Matrix, Real};

pub(super) fn log_density<C: Dim>(
    outputs: &Matrix,
    z: &Tensor<(usize, C), Real, Dev>,
    (low, high): (f64, f64),
) -> (Figures, Matrix) {
    let (shape, d) = (*outputs.shape(), z.shape().1.size());
    let share = 1.0 / shape.0 as f64;
    let mut slopes = vec![0.0; shape.0 * shape.1];
    let (outputs, z) = (read(outputs), read(z));
    let rows = outputs.chunks_exact(2 * d).zip(z.chunks_exact(d));
    let values = rows.zip(slopes.chunks_exact_mut(2 * d)).map(|((outputs, z), slopes)| {
        let mut value = 0.0;
        for k in 0..d {
            let given = f64::from(outputs[d + k]);
            // NaN stays NaN, for the trainer to see.
            let log_variance = given.clamp(low, high);
            let precision = (-log_variance).exp();
            let error = f64::from(z[k]) - f64::from(outputs[k]);
            value -= 0.5 * (std::f64::consts::TAU.ln() + log_variance + error * error * precision);
            slopes[k] = (share * error * precision) as Real;
            let slope = 0.5 * share * (error * error * precision - 1.0);
            let leads_out = (given < log_variance && slope < 0.0) || (given > log_variance && slope > 0.0);
            slopes[d + k] = if leads_out { 0.0 } else { slope as Real };
        }
        value
    });
    let values = Figures(values.collect());
    (values, buffers::tensor(slopes, shape))
}
