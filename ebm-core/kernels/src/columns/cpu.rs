//! Columns of slices.

use dfdx::prelude::*;

use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, Real};

/// The columns `which`.
pub(super) fn chosen(x: &Matrix, which: &[usize]) -> Matrix {
    let (rows, width) = *x.shape();
    let y: Vec<Real> = {
        let x = read(x);
        x.chunks_exact(width)
            .flat_map(|row| which.iter().map(|&c| row[c]))
            .collect()
    };
    buffers::tensor(y, (rows, which.len()))
}

/// Adds the columns of `from` to the columns `which` of `to`, which has `width`.
pub(super) fn add_to_chosen(to: &mut [Real], width: usize, from: &[Real], which: &[usize]) -> Result<(), DevError> {
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks_exact(which.len())) {
        which.iter().zip(from).for_each(|(&c, g)| to[c] += g);
    }
    Ok(())
}

/// The matrix with the columns of `a` at `first` and those of `b` at `second`.
pub(super) fn joined(a: &Matrix, first: &[usize], b: &Matrix, second: &[usize]) -> Matrix {
    let (rows, width) = (a.shape().0, first.len() + second.len());
    let mut y = vec![0.0; rows * width];
    {
        let (a, b) = (read(a), read(b));
        for (i, row) in y.chunks_exact_mut(width).enumerate() {
            first.iter().zip(&a[i * first.len()..]).for_each(|(&c, v)| row[c] = *v);
            second
                .iter()
                .zip(&b[i * second.len()..])
                .for_each(|(&c, v)| row[c] = *v);
        }
    }
    buffers::tensor(y, (rows, width))
}

/// Adds the columns `which` of `from`, which has `width`.
pub(super) fn add_chosen(to: &mut [Real], from: &[Real], width: usize, which: &[usize]) -> Result<(), DevError> {
    for (to, from) in to.chunks_exact_mut(which.len().max(1)).zip(from.chunks_exact(width)) {
        to.iter_mut().zip(which).for_each(|(t, &c)| *t += from[c]);
    }
    Ok(())
}
