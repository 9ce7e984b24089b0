use crate::prelude::*;

kernels! { "directions";
    fn project(batch: usize, count: usize, width: usize, rows: In[count * batch * width], x: In[batch * width],
        y: Out[batch * count]) over Rows(count * batch, width);
    fn weigh_rows(batch: usize, count: usize, width: usize, sums: usize, rows: In[count * batch * width],
        coefficients: In[sums * count], y: Out[sums * width]) over Elements(sums * width);
    fn half_squares(rows: usize, width: usize, x: In[rows * width], sizes: Out[rows], slopes: Out[rows * width])
        over Rows(rows, width);
    fn lengths(rows: usize, width: usize, x: In[rows * width], sizes: Out[rows], slopes: Out[rows * width])
        over Rows(rows, width);
    fn p_norms(rows: usize, width: usize, p: Real, x: In[rows * width], sizes: Out[rows], slopes: Out[rows * width])
        over Rows(rows, width);
    /// `count` unit vectors a sample, from that of axis `first` on.
    fn axes(batch: usize, width: usize, first: usize, count: usize, y: Out[count * batch * width])
        over Elements(count * batch * width);
}
