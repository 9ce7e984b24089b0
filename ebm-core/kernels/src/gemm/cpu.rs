//! Products on slices, also where kernels are emulated.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::Factor;
use crate::prelude::*;

#[cfg(not(device_kernels))]
fn slice(values: In<'_>) -> &[Real] {
    values
}
#[cfg(device_kernels)]
fn slice(values: In<'_>) -> &[Real] {
    values.slice()
}
#[cfg(not(device_kernels))]
fn slice_mut<'a>(values: &'a mut Out<'_>) -> &'a mut [Real] {
    values
}
#[cfg(device_kernels)]
fn slice_mut<'a>(values: &'a mut Out<'_>) -> &'a mut [Real] {
    values.slice()
}

fn matrix(factor: Factor<'_>) -> MatRef<'_, Real> {
    let stored = MatRef::from_row_major_slice(slice(factor.values), factor.height, factor.stride);
    let matrix = stored.subcols(factor.first, factor.width);
    if factor.transposed { matrix.transpose() } else { matrix }
}

pub fn run(a: Factor, b: Factor, mut c: Out, adds: bool) -> DevResult {
    let c = MatMut::from_row_major_slice_mut(slice_mut(&mut c), a.shape().0, b.shape().1);
    let accumulate = if adds { Accum::Add } else { Accum::Replace };
    // One thread: kernels split their rows over the cores themselves, so that what follows a product stays in cache.
    matmul(c, accumulate, matrix(a), matrix(b), 1.0, Par::Seq);
    Ok(())
}
