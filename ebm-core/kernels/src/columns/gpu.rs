//! Columns on the device.

use dfdx::prelude::*;

use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix};
use crate::gpu::{In, Inverse, columns, upload};

/// The columns `which`.
pub(super) fn chosen(x: &Matrix, which: &[usize]) -> Matrix {
    let (rows, width) = *x.shape();
    assert!(which.iter().all(|c| *c < width), "columns {which:?} of {width}");
    filled((rows, which.len()), |y| {
        let numbers = upload(which.to_vec())?;
        columns::choose_columns(rows, width, which.len(), In::of(&numbers), stored(x)?.read(), y)
    })
}

/// Adds the columns of `from` to the columns `which` of `to`, which has `width`.
pub(super) fn add_to_chosen(to: Added, width: usize, from: &Taken, which: &[usize]) -> Result<(), DevError> {
    let rows = to.len() / width.max(1);
    let inverse = Inverse::of(which, width)?;
    let (starts, sources) = (In::of(&inverse.starts), In::of(&inverse.sources));
    columns::add_to_chosen_columns(rows, width, which.len(), starts, sources, In::of(from), to)
}

/// The matrix with the columns of `a` at `first` and those of `b` at `second`.
pub(super) fn joined(a: &Matrix, first: &[usize], b: &Matrix, second: &[usize]) -> Matrix {
    let (rows, width) = (a.shape().0, first.len() + second.len());
    let mut from = vec![0; width];
    for (source, &column) in first.iter().chain(second).enumerate() {
        from[column] = source;
    }
    filled((rows, width), |y| {
        let from = upload(from)?;
        let (a, b) = (stored(a)?, stored(b)?);
        columns::join_columns(rows, first.len(), second.len(), In::of(&from), a.read(), b.read(), y)
    })
}

/// Adds the columns `which` of `from`, which has `width`.
pub(super) fn add_chosen(to: Added, from: &Taken, width: usize, which: &[usize]) -> Result<(), DevError> {
    let rows = to.len() / which.len().max(1);
    let numbers = upload(which.to_vec())?;
    if which.is_empty() {
        return Ok(());
    }
    columns::add_chosen_columns(rows, width, which.len(), In::of(&numbers), In::of(from), to)
}
