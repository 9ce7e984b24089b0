//! Kernels of the quadratic confinement.

use super::{In, Out, kernels};
use crate::device::Real;

kernels! { "confine";
    /// `out = y + kappa/2 ||x||^2` for the first `primal` rows, `y + kappa <x, t>` for tangents t.
    fn confine(rows: usize, columns: usize, primal: usize, kappa: Real, y: In[rows], x: In[rows * columns], out: Out[rows])
        over Rows(rows, columns);
    /// `gx +=` the cotangents of x, given those of `out`, in `blocks` blocks of `primal` rows.
    fn add_confined(
        primal: usize,
        columns: usize,
        blocks: usize,
        kappa: Real,
        g: In[blocks * primal],
        x: In[blocks * primal * columns],
        gx: Out[blocks * primal * columns],
    ) over Elements(primal * columns);
}
