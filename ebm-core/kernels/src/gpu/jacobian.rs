//! Kernels of functions of Jacobians.

use super::{In, Out, kernels};

kernels! { "jacobian";
    /// `count` unit vectors a sample, from that of axis `first` on.
    fn axes(batch: usize, width: usize, first: usize, count: usize, y: Out[count * batch * width])
        over Elements(count * batch * width);
    /// `J^T J`
    fn gram(batch: usize, d: usize, width: usize, columns: In[d * batch * width], grams: Out<f64>[batch * d * d])
        over Rows(batch * d * d, width);
    /// `1/2 ln det` of Gram matrices, which are used up, and their inverses.
    fn half_log_det(batch: usize, d: usize, grams: Out<f64>[batch * d * d], inverses: Out<f64>[batch * d * d],
        values: Out[batch]) over Rows(batch, d * d);
    /// `1/2 ln` of the smallest eigenvalue of Gram matrices, and `v v^T / eigenvalue` in their place.
    fn log_smallest(batch: usize, d: usize, grams: Out<f64>[batch * d * d], vectors: Out<f64>[batch * d * d],
        turns: Out<f64>[batch * (d + 1)], values: Out[batch]) over Rows(batch, d * d);
    /// `ln |det J|` and `J^-T` of square Jacobians.
    fn log_abs_det(batch: usize, d: usize, columns: In[d * batch * d], work: Out<f64>[batch * d * d],
        inverses: Out<f64>[batch * d * d], values: Out[batch], slopes: Out[d * batch * d]) over Rows(batch, d * d);
    /// `gradients += g_b J C`
    fn add_combined_columns(batch: usize, d: usize, width: usize, coefficients: In<f64>[batch * d * d], g: In[batch],
        columns: In[d * batch * width], gradients: Out[d * batch * width]) over Elements(d * batch * width);
    /// `gradients += g_b slopes`
    fn add_scaled_columns(batch: usize, d: usize, width: usize, g: In[batch], slopes: In[d * batch * width],
        gradients: Out[d * batch * width]) over Elements(d * batch * width);
    /// `(J^T J)^-1 y`
    fn solve(batch: usize, d: usize, inverses: In<f64>[batch * d * d], y: In[batch * d], weights: Out<f64>[batch * d])
        over Elements(batch * d);
    /// `J w`
    fn lift(batch: usize, d: usize, width: usize, weights: In<f64>[batch * d], columns: In[d * batch * width],
        y: Out[batch * width]) over Elements(batch * width);
}
