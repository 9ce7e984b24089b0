//! Kernels that work along columns.

use super::{In, Out, kernels, zeros};
use crate::device::{DevError, Real};

/// Parts that a sum over rows is made of at most, and rows a part has at least.
const PARTS: usize = 512;
const SHORTEST: usize = 64;

kernels! { "columns";
    /// `y_rc = x_r,which(c)`; every number in `which` must be less than `columns`.
    fn choose_columns(
        rows: usize,
        columns: usize,
        count: usize,
        which: In<usize>[count],
        x: In[rows * columns],
        y: Out[rows * count],
    ) over Elements(rows * count);
    /// `y_rc += x_r,which(c)`; every number in `which` must be less than `columns`.
    fn add_chosen_columns(
        rows: usize,
        columns: usize,
        count: usize,
        which: In<usize>[count],
        x: In[rows * columns],
        y: Out[rows * count],
    ) over Elements(rows * count);
    /// `y_rc += sum x_rs` over the columns `s` from `starts_c` to `starts_(c+1)` of `sources`; these must be less than `count`.
    fn add_to_chosen_columns(
        rows: usize,
        columns: usize,
        count: usize,
        starts: In<usize>[columns + 1],
        sources: In<usize>[count],
        x: In[rows * count],
        y: Out[rows * columns],
    ) over Elements(rows * columns);
    /// `y_rc = [a_r, b_r]_from(c)`; every number in `from` must be less than `first + second`.
    fn join_columns(
        rows: usize,
        first: usize,
        second: usize,
        from: In<usize>[first + second],
        a: In[rows * first],
        b: In[rows * second],
        y: Out[rows * (first + second)],
    ) over Elements(rows * (first + second));
    /// `sums_pc = sum x_rc` over part `p` of so many equal parts of the rows.
    fn column_sums(rows: usize, columns: usize, parts: usize, x: In[rows * columns], sums: Out[parts * columns])
        over Rows(parts, columns);
    /// `y_c += sum_p sums_pc`
    fn add_column_totals(columns: usize, parts: usize, sums: In[parts * columns], y: Out[columns]) over Elements(columns);
    /// `y_rc = e^(l_c) x_rc`
    fn stretch(rows: usize, columns: usize, logarithms: In[columns], x: In[rows * columns], y: Out[rows * columns])
        over Elements(rows * columns);
    /// `y_rc += e^(l_c) x_rc`
    fn add_stretched(rows: usize, columns: usize, logarithms: In[columns], x: In[rows * columns], y: Out[rows * columns])
        over Elements(rows * columns);
    /// `sums_pc = sum e^(l_c) g_rc x_rc` over part `p` of so many equal parts of the rows.
    fn stretch_sums(
        rows: usize,
        columns: usize,
        parts: usize,
        logarithms: In[columns],
        g: In[rows * columns],
        x: In[rows * columns],
        sums: Out[parts * columns],
    ) over Rows(parts, columns);
}

/// `y_c += sum_r x_rc`
///
/// # Errors
/// If the device refuses.
pub(crate) fn add_sums(rows: usize, columns: usize, x: In, y: Out) -> Result<(), DevError> {
    in_parts(rows, columns, y, |parts, sums| {
        column_sums(rows, columns, parts, x, sums)
    })
}

/// `gl_c += sum_r e^(l_c) g_rc x_rc`: the gradient of the logarithms of a stretch.
///
/// # Errors
/// If the device refuses.
pub(crate) fn add_stretch_gradient(
    (rows, columns): (usize, usize),
    logarithms: In,
    g: In,
    x: In,
    gl: Out,
) -> Result<(), DevError> {
    in_parts(rows, columns, gl, |parts, sums| {
        stretch_sums(rows, columns, parts, logarithms, g, x, sums)
    })
}

/// Adds up what `f` makes of each part of the rows.
fn in_parts(
    rows: usize,
    columns: usize,
    y: Out,
    f: impl FnOnce(usize, Out) -> Result<(), DevError>,
) -> Result<(), DevError> {
    let parts = rows.div_ceil(SHORTEST).clamp(1, PARTS);
    let mut sums = zeros::<Real>(parts * columns)?;
    f(parts, Out::of(&mut sums))?;
    add_column_totals(columns, parts, In::of(&sums), y)
}
