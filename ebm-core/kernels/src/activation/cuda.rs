//! Activations on the device, in blocks of `n` elements: one of values, and below it one for every tangent, `blocks` in all.

use super::Activation;
use crate::gpu::Argument;
use crate::prelude::*;
use crate::reduce::backend::{add_total, parts_of};

/// An activation is passed as its number in the list.
impl Argument for Activation {
    type Raw = i32;
    fn raw(&self) -> i32 {
        *self as i32
    }
}

/// The count of numbers that the kernels read at `learned`.
fn slopes(activation: Activation) -> usize {
    usize::from(activation.has_learned_slope())
}

kernels! { "activation";
    fn activate(n: usize, blocks: usize, activation: Activation, learned: In[slopes(activation)], x: In[blocks * n],
        y: Out[blocks * n]) over Elements(n);
    /// The same in place.
    fn activate_in_place(n: usize, blocks: usize, activation: Activation, learned: In[slopes(activation)], y: Out[blocks * n])
        over Elements(n);
    /// The same of `y + b` in place, with one number of `bias` a column.
    fn shift_and_activate(n: usize, columns: usize, blocks: usize, activation: Activation, learned: In[slopes(activation)],
        bias: In[columns], y: Out[blocks * n]) over Elements(n);
    /// `x += b`, with one number of `bias` a column.
    fn shift(n: usize, columns: usize, bias: In[columns], x: Out[n]) over Elements(n);
    fn add_vjp(n: usize, blocks: usize, activation: Activation, learned: In[slopes(activation)], g: In[blocks * n],
        x: In[blocks * n], gx: Out[blocks * n]) over Elements(n);
    /// The cotangents of x in place of those of y. For a piecewise linear activation, x may be anything of the same sign.
    fn vjp(n: usize, blocks: usize, activation: Activation, learned: In[slopes(activation)], x: In[blocks * n],
        g: Out[blocks * n]) over Elements(n);
    /// `sums_p = sum of cotangent * (x or s) where x <= 0` over part `p` of so many equal parts of the elements.
    fn slope_sums(n: usize, blocks: usize, parts: usize, g: In[blocks * n], x: In[blocks * n], sums: Out<f64>[parts])
        over Rows(parts, n);
}

/// `gs += sum of cotangent * (x or s) where x <= 0`: the gradient of a learned slope.
pub(crate) fn add_slope_gradient(n: usize, blocks: usize, g: In, x: In, gs: Out) -> DevResult {
    let parts = parts_of(n);
    let mut sums = zeros::<f64>(parts)?;
    slope_sums(n, blocks, parts, g, x, view_mut(&mut sums))?;
    add_total(parts, view(&sums), gs)
}
