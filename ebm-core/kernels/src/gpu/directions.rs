//! Kernels of matrices with several rows of each sample.

use super::{In, Out, kernels};
use crate::device::Real;

kernels! { "directions";
    /// `y_bk = <u_kb, x_b>`
    fn project(batch: usize, count: usize, width: usize, rows: In[count * batch * width], x: In[batch * width],
        y: Out[batch * count]) over Rows(count * batch, width);
    /// `y_r = sum_k c_rk u_kb`, where r belongs to sample `b = r mod batch`.
    fn weigh_rows(batch: usize, count: usize, width: usize, sums: usize, rows: In[count * batch * width],
        coefficients: In[sums * count], y: Out[sums * width]) over Elements(sums * width);
    /// Half the square of every row's length, and the row.
    fn half_squares(rows: usize, width: usize, x: In[rows * width], sizes: Out[rows], slopes: Out[rows * width])
        over Rows(rows, width);
    /// Every row's length, and the unit vector.
    fn lengths(rows: usize, width: usize, x: In[rows * width], sizes: Out[rows], slopes: Out[rows * width])
        over Rows(rows, width);
    /// Every row's p-norm, and its derivative.
    fn p_norms(rows: usize, width: usize, p: Real, x: In[rows * width], sizes: Out[rows], slopes: Out[rows * width])
        over Rows(rows, width);
}
