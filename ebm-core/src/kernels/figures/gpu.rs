//! Figures on the device.

use dfdx::prelude::*;

use crate::buffers::native::{download, filled, run, stored};
use crate::device::{Dev, PerSample, Real};
use crate::gpu::{self, Buffer, In, Out, zeros};

/// Where they are.
pub(in crate::kernels) type Doubles = Buffer<f64>;

pub(super) fn squared_norms<C: Dim>(x: &Tensor<(usize, C), Real, Dev>) -> Doubles {
    let (rows, columns) = (x.shape().0, x.shape().1.size());
    run(|| {
        let mut y = zeros(rows)?;
        gpu::figures::squared_norms(rows, columns, stored(x)?.read(), Out::of(&mut y))?;
        Ok(y)
    })
}

pub(super) fn len(figures: &Doubles) -> usize {
    In::of(figures).len()
}

pub(super) fn read(figures: &Doubles) -> Vec<f64> {
    run(|| match len(figures) {
        0 => Ok(Vec::new()),
        _ => download(figures),
    })
}

pub(super) fn rounded(figures: &Doubles) -> PerSample {
    let figures = In::of(figures);
    filled((figures.len(),), |y| gpu::figures::rounded(y.len(), figures, y))
}
