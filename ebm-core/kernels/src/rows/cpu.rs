//! Rows of slices.

use dfdx::prelude::*;
use std::ops::Range;

use crate::buffers::native::plus;
use crate::buffers::{self, read};
use crate::device::{Dev, DevError, Matrix, Real};
use crate::math::add;

type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// `[top; bottom]`
pub(super) fn stacked<C: Dim>(top: &Rows<C>, bottom: &Rows<C>) -> Matrix {
    let (rows, columns) = (top.shape().0 + bottom.shape().0, top.shape().1.size());
    let mut values = Vec::with_capacity(rows * columns);
    values.extend_from_slice(&read(top));
    if bottom.shape().0 > 0 {
        values.extend_from_slice(&read(bottom));
    }
    buffers::tensor(values, (rows, columns))
}

/// Some of the values, in the shape given.
pub(super) fn part<S: Shape>(x: &Matrix, range: Range<usize>, shape: S) -> Tensor<S, Real, Dev> {
    buffers::tensor(read(x)[range].to_vec(), shape)
}

/// `copies` times the rows of `x`.
pub(super) fn repeated<C: Dim>(x: &Rows<C>, copies: usize) -> Matrix {
    buffers::tensor(read(x).repeat(copies), (copies * x.shape().0, x.shape().1.size()))
}

/// The rows `which`.
pub(super) fn chosen<C: Dim>(x: &Rows<C>, which: &[usize]) -> Matrix {
    let columns = x.shape().1.size();
    let y: Vec<Real> = {
        let x = read(x);
        let row = |i: &usize| &x[i * columns..(i + 1) * columns];
        which.iter().flat_map(row).copied().collect()
    };
    buffers::tensor(y, (which.len(), columns))
}

/// Adds some of the values of `from`.
pub(super) fn add_part(to: &mut [Real], from: &[Real], range: Range<usize>) -> Result<(), DevError> {
    plus(to, &from[range])
}

/// Adds to some of the values.
pub(super) fn add_to_part(to: &mut [Real], range: Range<usize>, from: &[Real]) -> Result<(), DevError> {
    plus(&mut to[range], from)
}

/// Adds each of the copies.
pub(super) fn add_repeated(to: &mut [Real], from: &[Real], _copies: usize) -> Result<(), DevError> {
    from.chunks_exact(to.len().max(1)).for_each(|copy| add(to, copy));
    Ok(())
}

/// Adds the rows of `from` to the rows `which` of `to`.
pub(super) fn add_chosen(
    to: &mut [Real],
    from: &[Real],
    which: &[usize],
    (_, columns): (usize, usize),
) -> Result<(), DevError> {
    for (i, from) in which.iter().zip(from.chunks_exact(columns)) {
        add(&mut to[i * columns..(i + 1) * columns], from);
    }
    Ok(())
}
