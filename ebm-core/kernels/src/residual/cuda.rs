//! Residuals on the device. `places` are the diffusions of all samples, then their units.

use crate::prelude::*;

kernels! { "residual";
    fn weighted_sums(count: usize, terms: usize, weights: In<f64>[terms * count], x: In[terms * count], y: Out<f64>[count])
        over Elements(count);
    fn pair_residuals(pairs: usize, places: In<f64>[4 * pairs], slopes: In[2 * pairs], squares: In<f64>[2 * pairs],
        sums: In<f64>[2 * pairs], halves: Out<f64>[pairs], derivatives: Out<f64>[2 * pairs], in_slopes: Out[2 * pairs])
        over Elements(pairs);
    fn mean_of_doubles(n: usize, x: In<f64>[n], y: Out<f64>[1]) over Rows(1, n);
    fn in_sums(count: usize, terms: usize, places: In<f64>[2 * count], derivatives: In<f64>[count],
        weights: In<f64>[terms * count], y: Out[terms * count]) over Elements(terms * count);
}
