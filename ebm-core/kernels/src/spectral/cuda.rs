//! Singular vectors and their norm on the device, of which nothing is read on the host.

use crate::prelude::*;
use crate::reduce::backend::add_dot;

kernels! { "spectral";
    fn make_unit(n: usize, smallest: Real, v: Out[n]) over Rows(1, n);
    fn divide_by_norm(n: usize, smallest: Real, norm: In[1], w: In[n], y: Out[n]) over Elements(n);
    fn divide_by_norm_backward(rows: usize, columns: usize, smallest: Real, norm: In[1], along: In[1], left: In[rows],
        right: In[columns], g: In[rows * columns], gw: Out[rows * columns]) over Elements(rows * columns);
}

pub fn norm(outputs: usize, inputs: usize, weight: In, left: In, right: In, norm: Out) -> DevResult {
    let mut products = zeros(outputs)?;
    let (weight, right) = (Factor::new(weight, outputs, inputs), Factor::new(right, inputs, 1));
    gemm::write(weight, right, view_mut(&mut products))?;
    add_dot(left, view(&products), norm)
}
