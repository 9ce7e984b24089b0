use crate::prelude::*;

kernels! { "kernel_sum";
    /// Values, weighted means of the squared distances over s^2, and weights, own first.
    fn kernel_sums(rows: usize, columns: usize, count: usize, sigma: In[1], x: In[rows * columns], own: In[rows * columns],
        bank: In[count * columns], values: Out[rows], squares: Out[rows], weights: Out[rows * (1 + count)])
        over Rows(rows, 1 + count);
    fn add_in_x(rows: usize, columns: usize, count: usize, sigma: In[1], g: In[rows], weights: In[rows * (1 + count)],
        x: In[rows * columns], own: In[rows * columns], bank: In[count * columns], gx: Out[rows * columns])
        over Elements(rows * columns);
    fn add_in_own(rows: usize, columns: usize, count: usize, sigma: In[1], g: In[rows], weights: In[rows * (1 + count)],
        x: In[rows * columns], own: In[rows * columns], gown: Out[rows * columns]) over Elements(rows * columns);
    fn add_in_bank(rows: usize, columns: usize, count: usize, sigma: In[1], g: In[rows], weights: In[rows * (1 + count)],
        x: In[rows * columns], bank: In[count * columns], gbank: Out[count * columns]) over Elements(count * columns);
    fn add_in_sigma(rows: usize, columns: usize, sigma: In[1], g: In[rows], squares: In[rows], gsigma: Out[1])
        over Rows(1, rows);
}
