//! Figures in a vector.

use dfdx::prelude::*;

use crate::buffers::{self, native::Array};
use crate::device::{Dev, PerSample, Real};

pub(super) fn squared_norms<C: Dim>(x: &Tensor<(usize, C), Real, Dev>) -> Array<f64> {
    let columns = x.shape().1.size();
    let x = buffers::read(x);
    let rows = x.chunks_exact(columns);
    rows.map(|row| row.iter().map(|v| f64::from(*v).powi(2)).sum())
        .collect()
}

pub(super) fn read(figures: &Array<f64>) -> Vec<f64> {
    figures.clone()
}

pub(super) fn rounded(figures: &Array<f64>) -> PerSample {
    let values: Vec<Real> = figures.iter().map(|v| *v as Real).collect();
    let count = values.len();
    buffers::tensor(values, (count,))
}
