//! Kernels that treat every element alike.

use super::{In, Out, kernels};
use crate::device::Real;

kernels! { "elementwise";
    /// `y += x`
    fn add_to(n: usize, x: In[n], y: Out[n]) over Elements(n);
    /// `y = a + b`
    fn add_up(n: usize, a: In[n], b: In[n], y: Out[n]) over Elements(n);
    /// `y = x`
    fn copy_to(n: usize, x: In[n], y: Out[n]) over Elements(n);
    /// `y = scale x`
    fn scaled(n: usize, scale: Real, x: In[n], y: Out[n]) over Elements(n);
    /// `y = factor x`, where `factor` is one number.
    fn multiply(n: usize, factor: In[1], x: In[n], y: Out[n]) over Elements(n);
    /// `y += scale factor x`, where `factor` is one number.
    fn add_multiple(n: usize, scale: Real, factor: In[1], x: In[n], y: Out[n]) over Elements(n);
    /// `y += scale value` in every element, where `value` is one number.
    fn add_number(n: usize, scale: Real, value: In[1], y: Out[n]) over Elements(n);
}
