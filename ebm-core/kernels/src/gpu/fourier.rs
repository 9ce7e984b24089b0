//! Kernels of random Fourier features.

use super::{In, Out, kernels};

kernels! { "fourier";
    /// Coordinates, sines and cosines; below, how these change.
    fn fourier_forward(rows: usize, primal: usize, columns: usize, count: usize, x: In[rows * columns], angles: In[rows * count],
        y: Out[rows * (columns + 2 * count)]) over Elements(rows * (columns + 2 * count));
    /// The cotangents of the angles, given those of the features.
    fn fourier_backward(rows: usize, primal: usize, columns: usize, count: usize, angles: In[rows * count],
        g: In[rows * (columns + 2 * count)], of_angles: Out[rows * count]) over Elements(primal * count);
    /// `gx_rc += g_rc`, where g has more columns.
    fn add_first_columns(rows: usize, columns: usize, width: usize, g: In[rows * width], gx: Out[rows * columns])
        over Elements(rows * columns);
}
