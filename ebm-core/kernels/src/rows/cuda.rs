//! Rows on the device.

use std::ops::Range;

use crate::device::DevResult;
use crate::elementwise::{add_to, copy_to};
use crate::gpu::{In, Inverse, Out, kernels, upload};

// The kernels of `cpu.rs` say what those of the same names do.
kernels! { "rows";
    fn repeat(n: usize, copies: usize, x: In[n], y: Out[copies * n]) over Elements(copies * n);
    fn add_repeated(n: usize, copies: usize, x: In[copies * n], y: Out[n]) over Elements(n);
    /// `y_r = x_which(r)`; every number in `which` must be less than `rows`.
    fn choose(rows: usize, columns: usize, count: usize, which: In<usize>[count], x: In[rows * columns], y: Out[count * columns])
        over Elements(count * columns);
    /// `y_r += sum x_s` over the rows `s` from `starts_r` to `starts_(r+1)` of `sources`; these must be less than `count`.
    fn add_chosen(rows: usize, columns: usize, count: usize, starts: In<usize>[rows + 1], sources: In<usize>[count],
        x: In[count * columns], y: Out[rows * columns]) over Elements(rows * columns);
}

/// `y = [top; bottom]`
pub(super) fn stack(top: In, bottom: In, mut y: Out) -> DevResult {
    let (cut, all) = (top.len(), y.len());
    copy_to(cut, top, y.part(0..cut))?;
    copy_to(all - cut, bottom, y.part(cut..all))
}

/// `y = x[range]`
pub(super) fn part(range: Range<usize>, x: In, y: Out) -> DevResult {
    copy_to(range.len(), x.part(range), y)
}

/// `y += x[range]`
pub(super) fn add_part(range: Range<usize>, x: In, y: Out) -> DevResult {
    add_to(range.len(), x.part(range), y)
}

/// `y[range] += x`
pub(super) fn add_to_part(range: Range<usize>, x: In, mut y: Out) -> DevResult {
    add_to(range.len(), x, y.part(range))
}

/// `y_r = x_which(r)`
pub(super) fn choose_rows(rows: usize, columns: usize, which: &[usize], x: In, y: Out) -> DevResult {
    choose(rows, columns, which.len(), In::of(&upload(which.to_vec())?), x, y)
}

/// `y_which(r) += x_r`
pub(super) fn add_to_chosen(rows: usize, columns: usize, which: &[usize], x: In, y: Out) -> DevResult {
    let inverse = Inverse::of(which, rows)?;
    let (starts, sources) = (In::of(&inverse.starts), In::of(&inverse.sources));
    add_chosen(rows, columns, which.len(), starts, sources, x, y)
}
