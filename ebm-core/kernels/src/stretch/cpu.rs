//! The stretch on slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, PerSample, Real};

/// `e^l x`
pub(super) fn stretched(x: &Matrix, logarithms: &PerSample) -> Matrix {
    let (rows, columns) = *x.shape();
    let factors = factors(logarithms);
    let mut y = read(x).into_owned();
    for row in y.chunks_exact_mut(columns) {
        row.iter_mut().zip(&factors).for_each(|(v, f)| *v *= f);
    }
    buffers::tensor(y, (rows, columns))
}

/// `gl_c += sum_r e^(l_c) g_rc x_rc`
pub(super) fn add_to_logarithms(
    gl: &mut [Real],
    g: &[Real],
    x: &Matrix,
    logarithms: &PerSample,
) -> Result<(), DevError> {
    let columns = x.shape().1;
    let factors = factors(logarithms);
    for (g, x) in g.chunks_exact(columns).zip(read(x).chunks_exact(columns)) {
        for (((l, g), x), f) in gl.iter_mut().zip(g).zip(x).zip(&factors) {
            *l += g * f * x;
        }
    }
    Ok(())
}

/// `gx += e^l g`
pub(super) fn add_stretched(gx: &mut [Real], g: &[Real], logarithms: &PerSample) -> Result<(), DevError> {
    let factors = factors(logarithms);
    for (x, g) in gx.chunks_exact_mut(factors.len()).zip(g.chunks_exact(factors.len())) {
        for ((x, g), f) in x.iter_mut().zip(g).zip(&factors) {
            *x += g * f;
        }
    }
    Ok(())
}

fn factors(logarithms: &PerSample) -> Vec<Real> {
    read(logarithms).iter().map(|l| l.exp()).collect()
}
