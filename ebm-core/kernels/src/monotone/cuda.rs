//! The elements on the device, a thread each.

use super::{LIMIT, Sizes, parameters_an_element};
use crate::prelude::*;

/// Nothing: to compute exponentials anew costs less than to keep them.
pub struct Saved;

impl Saved {
    pub fn new(_: usize, _: usize, _: In, _: In) -> DevResult<Self> {
        Ok(Self)
    }

    pub fn forward(&self, (elements, blocks, steps): Sizes, u: In, p: In, y: Out) -> DevResult {
        monotone_forward(elements, blocks, steps, LIMIT, u, p, y)
    }

    pub fn backward(&self, (elements, blocks, steps): Sizes, u: In, p: In, g: In, gu: Out, gp: Out) -> DevResult {
        monotone_backward(elements, blocks, steps, LIMIT, u, p, g, gu, gp)
    }
}

kernels! { "monotone";
    /// `y` `[blocks, elements]` of `u`: values in the first block, tangents in the others.
    fn monotone_forward(elements: usize, blocks: usize, steps: usize, limit: Real, u: In[blocks * elements],
        p: In[blocks * elements * parameters_an_element(steps)], y: Out[blocks * elements]) over Elements(elements);
    /// Adds to the cotangents of u and p what those of y give.
    fn monotone_backward(elements: usize, blocks: usize, steps: usize, limit: Real, u: In[blocks * elements],
        p: In[blocks * elements * parameters_an_element(steps)], g: In[blocks * elements], gu: Out[blocks * elements],
        gp: Out[blocks * elements * parameters_an_element(steps)]) over Elements(elements);
}
