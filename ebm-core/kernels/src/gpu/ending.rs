//! Kernels of endings, in blocks as those of activations (see [`activation`](super::activation)).

use super::{In, Out, kernels};
use crate::device::Real;

kernels! { "ending";
    /// `y = phi(x)`, and `phi'(x)` times the tangents.
    fn end(n: usize, blocks: usize, form: i32, leak: Real, x: In[blocks * n], y: Out[blocks * n]) over Elements(n);
    /// The same in place.
    fn end_in_place(n: usize, blocks: usize, form: i32, leak: Real, y: Out[blocks * n]) over Elements(n);
    /// `gx +=` the cotangents before the ending, given those of y.
    fn add_ended(n: usize, blocks: usize, form: i32, leak: Real, g: In[blocks * n], y: In[blocks * n], gx: Out[blocks * n])
        over Elements(n);
    /// The cotangents before the ending in place of those of y.
    fn pull_back_ending(n: usize, blocks: usize, form: i32, leak: Real, y: In[blocks * n], g: Out[blocks * n]) over Elements(n);
}
