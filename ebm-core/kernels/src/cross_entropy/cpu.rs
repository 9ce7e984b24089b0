//! Row by row.

use dfdx::prelude::*;

use crate::buffers::read;
use crate::device::{Matrix, Real, Scalar};
use crate::differentiated;
use crate::tape::SharedTape;

pub(super) fn mean_surprise(logits: Matrix<SharedTape>, labels: &[usize]) -> Scalar<SharedTape> {
    let (logits, tape) = logits.split_tape();
    let (rows, classes) = *logits.shape();
    let mut total = 0.0;
    let mut gradient = Vec::with_capacity(rows * classes);
    for (row, &label) in read(&logits).chunks_exact(classes).zip(labels) {
        let largest = row.iter().copied().fold(Real::NEG_INFINITY, Real::max);
        let shifted = row.iter().map(|x| f64::from(*x) - f64::from(largest));
        let sum: f64 = shifted.clone().map(f64::exp).sum();
        total += sum.ln() - (f64::from(row[label]) - f64::from(largest));
        let slopes = shifted.enumerate().map(|(column, x)| {
            let hit = if column == label { 1.0 } else { 0.0 };
            ((x.exp() / sum - hit) / rows as f64) as Real
        });
        gradient.extend(slopes);
    }
    differentiated(logits.put_tape(tape), total / rows as f64, gradient)
}
