//! Numbers on the device.

use crate::gpu::{In, Out, kernels};

// The kernels of `cpu.rs` say what those of the same names do.
kernels! { "device_vec";
    fn squared_norms(rows: usize, columns: usize, x: In[rows * columns], y: Out<f64>[rows]) over Rows(rows, columns);
    fn rounded(n: usize, x: In<f64>[n], y: Out[n]) over Elements(n);
}
