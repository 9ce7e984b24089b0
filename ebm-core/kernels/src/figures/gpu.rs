//! Figures on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Array, download, filled, run, stored};
use crate::device::{Dev, PerSample, Real};
use crate::gpu::{self, In, Out, zeros};

pub(super) fn squared_norms<C: Dim>(x: &Tensor<(usize, C), Real, Dev>) -> Array<f64> {
    let (rows, columns) = (x.shape().0, x.shape().1.size());
    run(|| {
        let mut y = zeros(rows)?;
        gpu::figures::squared_norms(rows, columns, stored(x)?.read(), Out::of(&mut y))?;
        Ok(y)
    })
}

pub(super) fn read(figures: &Array<f64>) -> Vec<f64> {
    run(|| download(figures))
}

pub(super) fn rounded(figures: &Array<f64>) -> PerSample {
    let figures = In::of(figures);
    filled((figures.len(),), |y| gpu::figures::rounded(y.len(), figures, y))
}
