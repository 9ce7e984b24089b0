use crate::prelude::*;

kernels! { "denoise";
    fn denoise(rows: usize, columns: usize, whole: usize, terms: In<f64>[3 * rows], gradient: In[rows * columns],
        noise: In[rows * columns], losses: Out<f64>[rows], errors: Out<f64>[rows], directions: Out[rows * columns])
        over Rows(rows, columns);
}
