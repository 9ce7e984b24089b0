use crate::gpu::Inverse;
use crate::prelude::*;

kernels! { "columns";
    /// `y_rc = x_r,which(c)`; every number in `which` must be less than `columns`.
    fn choose_columns(rows: usize, columns: usize, count: usize, which: In<usize>[count], x: In[rows * columns],
        y: Out[rows * count]) over Elements(rows * count);
    /// `y_rc += x_r,which(c)`; every number in `which` must be less than `columns`.
    fn add_chosen_columns(rows: usize, columns: usize, count: usize, which: In<usize>[count], x: In[rows * columns],
        y: Out[rows * count]) over Elements(rows * count);
    /// `y_rc += sum x_rs` over the columns `s` from `starts_c` to `starts_(c+1)` of `sources`; these must be less than `count`.
    fn add_to_chosen_columns(rows: usize, columns: usize, count: usize, starts: In<usize>[columns + 1],
        sources: In<usize>[count], x: In[rows * count], y: Out[rows * columns]) over Elements(rows * columns);
    /// `y_rc = [a_r, b_r]_from(c)`; every number in `from` must be less than `first + second`.
    fn join_columns(rows: usize, first: usize, second: usize, from: In<usize>[first + second], a: In[rows * first],
        b: In[rows * second], y: Out[rows * (first + second)]) over Elements(rows * (first + second));
}

pub fn choose(rows: usize, width: usize, which: &[usize], x: In, y: Out) -> DevResult {
    choose_columns(rows, width, which.len(), view(&upload(which.to_vec())?), x, y)
}

pub fn add_chosen(rows: usize, width: usize, which: &[usize], x: In, y: Out) -> DevResult {
    if which.is_empty() {
        return Ok(());
    }
    add_chosen_columns(rows, width, which.len(), view(&upload(which.to_vec())?), x, y)
}

pub fn add_to_chosen(rows: usize, width: usize, which: &[usize], x: In, y: Out) -> DevResult {
    let inverse = Inverse::of(which, width)?;
    let (starts, sources) = (view(&inverse.starts), view(&inverse.sources));
    add_to_chosen_columns(rows, width, which.len(), starts, sources, x, y)
}

pub fn join(rows: usize, (first, second): (&[usize], &[usize]), a: In, b: In, y: Out) -> DevResult {
    let mut from = vec![0; first.len() + second.len()];
    for (source, &column) in first.iter().chain(second).enumerate() {
        from[column] = source;
    }
    join_columns(rows, first.len(), second.len(), view(&upload(from)?), a, b, y)
}
