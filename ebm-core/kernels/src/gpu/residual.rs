//! Kernels of the Fokker-Planck residual. `places` are the diffusions of all samples, then their units.

use super::{In, Out, kernels};

kernels! { "residual";
    /// `y_b = sum_k w_kb x_kb`
    fn weighted_sums(count: usize, terms: usize, weights: In<f64>[terms * count], x: In[terms * count], y: Out<f64>[count])
        over Elements(count);
    /// Of every pair half the squared difference d of the residuals; of both samples the derivative of the mean of these in the
    /// slope, `d / pairs` times the unit, and that rounded.
    fn pair_residuals(
        pairs: usize,
        places: In<f64>[4 * pairs],
        slopes: In[2 * pairs],
        squares: In<f64>[2 * pairs],
        sums: In<f64>[2 * pairs],
        halves: Out<f64>[pairs],
        derivatives: Out<f64>[2 * pairs],
        in_slopes: Out[2 * pairs],
    ) over Elements(pairs);
    /// `y = 1/n sum_i x_i`
    fn mean_of_doubles(n: usize, x: In<f64>[n], y: Out<f64>[1]) over Rows(1, n);
    /// `y_kb = -g_b^2/2 derivative_b w_kb`
    fn in_sums(
        count: usize,
        terms: usize,
        places: In<f64>[2 * count],
        derivatives: In<f64>[count],
        weights: In<f64>[terms * count],
        y: Out[terms * count],
    ) over Elements(terms * count);
}
