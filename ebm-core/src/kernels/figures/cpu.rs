//! Figures in a vector.

use dfdx::prelude::*;

use crate::buffers;
use crate::device::{Dev, PerSample, Real};

/// Where they are.
pub(in crate::kernels) type Doubles = Vec<f64>;

pub(super) fn squared_norms<C: Dim>(x: &Tensor<(usize, C), Real, Dev>) -> Doubles {
    let columns = x.shape().1.size();
    let x = buffers::read(x);
    let rows = x.chunks_exact(columns);
    rows.map(|row| row.iter().map(|v| f64::from(*v).powi(2)).sum())
        .collect()
}

pub(super) fn len(figures: &Doubles) -> usize {
    figures.len()
}

pub(super) fn read(figures: &Doubles) -> Vec<f64> {
    figures.clone()
}

pub(super) fn rounded(figures: &Doubles) -> PerSample {
    let values: Vec<Real> = figures.iter().map(|v| *v as Real).collect();
    let count = values.len();
    buffers::tensor(values, (count,))
}
