use crate::prelude::*;

kernels! { "normal";
    fn log_density(rows: usize, columns: usize, low: f64, high: f64, outputs: In[rows * 2 * columns], z: In[rows * columns],
        values: Out<f64>[rows], slopes: Out[rows * 2 * columns]) over Rows(rows, columns);
}
