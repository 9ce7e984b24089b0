//! Kernels of spectral normalisation.

use super::{In, Out, kernels};
use crate::device::Real;

kernels! { "spectral";
    /// `v /= max(|v|, smallest)`
    fn make_unit(n: usize, smallest: Real, v: Out[n]) over Rows(1, n);
    /// `y = w / max(norm, smallest)`
    fn divide_by_norm(n: usize, smallest: Real, norm: In[1], w: In[n], y: Out[n]) over Elements(n);
    /// `gw += (g - along left right^T) / max(norm, smallest)`
    fn divide_by_norm_backward(rows: usize, columns: usize, smallest: Real, norm: In[1], along: In[1], left: In[rows],
        right: In[columns], g: In[rows * columns], gw: Out[rows * columns]) over Elements(rows * columns);
}
