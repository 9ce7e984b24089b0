//! Kernels of monotone functions.

use super::{In, Out, kernels};
use crate::monotone::parameters_an_element;

kernels! { "monotone";
    /// `y` `[blocks, elements]` of `u`: values in the first block, tangents in the others.
    fn monotone_forward(elements: usize, blocks: usize, steps: usize, u: In[blocks * elements],
        p: In[blocks * elements * parameters_an_element(steps)], y: Out[blocks * elements]) over Elements(elements);
    /// Adds to the cotangents of u and p what those of y give.
    fn monotone_backward(elements: usize, blocks: usize, steps: usize, u: In[blocks * elements],
        p: In[blocks * elements * parameters_an_element(steps)], g: In[blocks * elements], gu: Out[blocks * elements],
        gp: Out[blocks * elements * parameters_an_element(steps)]) over Elements(elements);
}
