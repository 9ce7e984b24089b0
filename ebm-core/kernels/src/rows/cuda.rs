use crate::gpu::Inverse;
use crate::prelude::*;

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

pub fn choose_rows(rows: usize, columns: usize, which: &[usize], x: In, y: Out) -> DevResult {
    choose(rows, columns, which.len(), view(&upload(which.to_vec())?), x, y)
}

pub fn add_to_chosen(rows: usize, columns: usize, which: &[usize], x: In, y: Out) -> DevResult {
    let inverse = Inverse::of(which, rows)?;
    let (starts, sources) = (view(&inverse.starts), view(&inverse.sources));
    add_chosen(rows, columns, which.len(), starts, sources, x, y)
}
