//! Kernels that make rows of rows.

use super::{In, Out, kernels};

kernels! { "combine";
    /// `y_r = factors_0r x_(r mod first) + factors_1r v_(r mod second)`
    fn combine(
        rows: usize,
        columns: usize,
        first: usize,
        second: usize,
        factors: In[2 * rows],
        x: In[first * columns],
        v: In[second * columns],
        y: Out[rows * columns],
    ) over Elements(rows * columns);
    /// Of row `k batch + b` of `[columns batch, columns]` the number k is 1, the others are 0.
    fn axes(batch: usize, columns: usize, y: Out[columns * batch * columns]) over Elements(columns * batch * columns);
}
