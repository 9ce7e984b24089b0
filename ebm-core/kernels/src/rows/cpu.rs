//! Rows of slices.

use std::ops::Range;

use crate::device::{DevResult, Real};
use crate::math::{add, vectorised};

/// `y = [top; bottom]`
pub(super) fn stack(top: &[Real], bottom: &[Real], y: &mut [Real]) -> DevResult {
    let (first, second) = y.split_at_mut(top.len());
    first.copy_from_slice(top);
    second.copy_from_slice(bottom);
    Ok(())
}

/// `y = x[range]`
pub(super) fn part(range: Range<usize>, x: &[Real], y: &mut [Real]) -> DevResult {
    y.copy_from_slice(&x[range]);
    Ok(())
}

/// `y += x[range]`
pub(super) fn add_part(range: Range<usize>, x: &[Real], y: &mut [Real]) -> DevResult {
    vectorised(|| add(y, &x[range]));
    Ok(())
}

/// `y[range] += x`
pub(super) fn add_to_part(range: Range<usize>, x: &[Real], y: &mut [Real]) -> DevResult {
    vectorised(|| add(&mut y[range], x));
    Ok(())
}

/// `copies` times the n values of `x`, one after the other.
pub(super) fn repeat(n: usize, _: usize, x: &[Real], y: &mut [Real]) -> DevResult {
    y.chunks_exact_mut(n.max(1)).for_each(|copy| copy.copy_from_slice(x));
    Ok(())
}

/// Adds to every value of `y` those of all copies.
pub(super) fn add_repeated(n: usize, _: usize, x: &[Real], y: &mut [Real]) -> DevResult {
    x.chunks_exact(n.max(1)).for_each(|copy| add(y, copy));
    Ok(())
}

/// `y_r = x_which(r)`
pub(super) fn choose_rows(_: usize, columns: usize, which: &[usize], x: &[Real], y: &mut [Real]) -> DevResult {
    for (y, i) in y.chunks_exact_mut(columns).zip(which) {
        y.copy_from_slice(&x[i * columns..(i + 1) * columns]);
    }
    Ok(())
}

/// `y_which(r) += x_r`
pub(super) fn add_to_chosen(_: usize, columns: usize, which: &[usize], x: &[Real], y: &mut [Real]) -> DevResult {
    for (i, x) in which.iter().zip(x.chunks_exact(columns)) {
        add(&mut y[i * columns..(i + 1) * columns], x);
    }
    Ok(())
}
