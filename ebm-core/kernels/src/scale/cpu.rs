//! The multiple on slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{Dev, DevError, PerSample, Real};

/// `a x`
pub(super) fn multiple<S: Shape>(x: &Tensor<S, Real, Dev>, factor: &PerSample) -> Tensor<S, Real, Dev> {
    let a = read(factor)[0];
    buffers::tensor(read(x).iter().map(|v| a * v).collect(), *x.shape())
}

/// `gf += sum_i g_i x_i`
pub(super) fn add_product<S: Shape>(gf: &mut [Real], g: &[Real], x: &Tensor<S, Real, Dev>) -> Result<(), DevError> {
    let total: Real = g.iter().zip(read(x).iter()).map(|(g, x)| g * x).sum();
    gf[0] += total;
    Ok(())
}

/// `gx += a g`
pub(super) fn add_multiple(gx: &mut [Real], g: &[Real], factor: &PerSample) -> Result<(), DevError> {
    let a = read(factor)[0];
    gx.iter_mut().zip(g).for_each(|(x, g)| *x += a * g);
    Ok(())
}
