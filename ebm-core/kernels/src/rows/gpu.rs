//! Rows on the device.

use dfdx::prelude::*;
use std::ops::Range;

use crate::buffers::native::{Added, Taken, filled, plus, stored};
use crate::device::{Dev, DevError, Matrix, Real};
use crate::gpu::{In, Inverse, elementwise, rows, upload};

type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// `[top; bottom]`
pub(super) fn stacked<C: Dim>(top: &Rows<C>, bottom: &Rows<C>) -> Matrix {
    let (rows, columns) = (top.shape().0 + bottom.shape().0, top.shape().1.size());
    let cut = top.shape().0 * columns;
    filled((rows, columns), |mut y| {
        elementwise::copy_to(cut, stored(top)?.read(), y.part(0..cut))?;
        let rest = y.len() - cut;
        elementwise::copy_to(rest, stored(bottom)?.read(), y.part(cut..cut + rest))
    })
}

/// Some of the values, in the shape given.
pub(super) fn part<S: Shape>(x: &Matrix, range: Range<usize>, shape: S) -> Tensor<S, Real, Dev> {
    filled(shape, |y| {
        elementwise::copy_to(range.len(), stored(x)?.read().part(range), y)
    })
}

/// `copies` times the rows of `x`.
pub(super) fn repeated<C: Dim>(x: &Rows<C>, copies: usize) -> Matrix {
    let (rows, columns) = (x.shape().0, x.shape().1.size());
    filled((copies * rows, columns), |y| {
        rows::repeat(rows * columns, copies, stored(x)?.read(), y)
    })
}

/// The rows `which`.
pub(super) fn chosen<C: Dim>(x: &Rows<C>, which: &[usize]) -> Matrix {
    let (rows, columns) = (x.shape().0, x.shape().1.size());
    assert!(which.iter().all(|i| *i < rows), "rows {which:?} of {rows}");
    filled((which.len(), columns), |y| {
        let chosen = upload(which.to_vec())?;
        rows::choose(rows, columns, which.len(), In::of(&chosen), stored(x)?.read(), y)
    })
}

/// Adds some of the values of `from`.
pub(super) fn add_part(to: Added, from: &Taken, range: Range<usize>) -> Result<(), DevError> {
    elementwise::add_to(range.len(), In::of(from).part(range), to)
}

/// Adds to some of the values.
pub(super) fn add_to_part(mut to: Added, range: Range<usize>, from: &Taken) -> Result<(), DevError> {
    plus(to.part(range), from)
}

/// Adds each of the copies.
pub(super) fn add_repeated(to: Added, from: &Taken, copies: usize) -> Result<(), DevError> {
    rows::add_repeated(to.len(), copies, In::of(from), to)
}

/// Adds the rows of `from` to the rows `which` of `to`.
pub(super) fn add_chosen(
    to: Added,
    from: &Taken,
    which: &[usize],
    (rows, columns): (usize, usize),
) -> Result<(), DevError> {
    let inverse = Inverse::of(which, rows)?;
    let (starts, sources) = (In::of(&inverse.starts), In::of(&inverse.sources));
    rows::add_chosen(rows, columns, which.len(), starts, sources, In::of(from), to)
}
