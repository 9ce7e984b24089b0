//! Kernels that make one number in double precision of a row.

use super::{In, Out, kernels};

kernels! { "figures";
    /// `y_r = sum_c x_rc^2`
    fn squared_norms(rows: usize, columns: usize, x: In[rows * columns], y: Out<f64>[rows]) over Rows(rows, columns);
    /// The numbers, rounded.
    fn rounded(n: usize, x: In<f64>[n], y: Out[n]) over Elements(n);
    /// Of every row with target `t = noise / s`: `losses = w sum g (g - 2 t) - o`, with `w sum t^2` besides if `whole` is not 0;
    /// `errors = sum (s g - noise)^2`; `directions = 2 w (g - t)`. `terms` are all s, all w and all o.
    fn denoise(
        rows: usize,
        columns: usize,
        whole: usize,
        terms: In<f64>[3 * rows],
        gradient: In[rows * columns],
        noise: In[rows * columns],
        losses: Out<f64>[rows],
        errors: Out<f64>[rows],
        directions: Out[rows * columns],
    ) over Rows(rows, columns);
    /// `ln N(z_r; m_r, e^(l_r))` with `outputs_r = [m_r, l_r]` and l between `low` and `high`; slopes of its mean in the outputs.
    fn log_density(
        rows: usize,
        columns: usize,
        low: f64,
        high: f64,
        outputs: In[rows * 2 * columns],
        z: In[rows * columns],
        values: Out<f64>[rows],
        slopes: Out[rows * 2 * columns],
    ) over Rows(rows, columns);
}
