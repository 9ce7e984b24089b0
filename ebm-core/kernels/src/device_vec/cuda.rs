use crate::prelude::*;

kernels! { "device_vec";
    fn squared_norms(rows: usize, columns: usize, x: In[rows * columns], y: Out<f64>[rows]) over Rows(rows, columns);
    fn rounded(n: usize, x: In<f64>[n], y: Out[n]) over Elements(n);
}
