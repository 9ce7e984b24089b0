//! Kernels of activation functions.
//!
//! Arrays are blocks of `n` elements: one of values, and below it one for every tangent, `blocks` in all.

use super::reduce::{add_total, parts_of};
use super::{In, Out, kernels, zeros};
use crate::buffers::native::{Stored, stored};
use crate::device::{DevError, PerSample, Real};
use crate::{Activation, Ending, dense};

/// An activation function as kernels take it: its number in `activation.cuh`, and its slope below zero where that is a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Form {
    pub number: i32,
    pub leak: Real,
}

const IDENTITY: i32 = 0;
const LEAKY: i32 = 1;
const LEARNED: i32 = 2;
const SILU: i32 = 3;
const SOFTPLUS: i32 = 4;
const TANH: i32 = 5;

impl From<Activation> for Form {
    fn from(activation: Activation) -> Self {
        let (number, leak) = match activation {
            Activation::Identity => (IDENTITY, 1.0),
            Activation::Relu => (LEAKY, 0.0),
            Activation::LeakyRelu => (LEAKY, dense::leak()),
            Activation::Prelu => (LEARNED, 0.0),
            Activation::Silu => (SILU, 0.0),
            Activation::Softplus => (SOFTPLUS, 0.0),
            Activation::Tanh => (TANH, 0.0),
        };
        Self { number, leak }
    }
}

impl From<Ending> for Form {
    fn from(ending: Ending) -> Self {
        let (number, leak) = match ending {
            Ending::Identity => (IDENTITY, 1.0),
            Ending::Leaky(leak) => (LEAKY, leak),
            Ending::Tanh => (TANH, 0.0),
        };
        Self { number, leak }
    }
}

/// The learned slope of a PReLU, or nothing.
pub(crate) struct Slope<'a>(Option<Stored<'a>>);

impl<'a> Slope<'a> {
    /// Of the slope's tensor `[1]`, where there is one.
    ///
    /// # Errors
    /// If the device refuses.
    pub fn of(learned: Option<&'a PerSample>) -> Result<Self, DevError> {
        Ok(Self(learned.map(stored).transpose()?))
    }

    /// As the kernels read it.
    pub fn read(&self) -> In<'_> {
        self.0.as_ref().map_or(In::none(), Stored::read)
    }
}

/// How many numbers the kernels read at `learned`.
fn slopes(form: i32) -> usize {
    usize::from(form == LEARNED)
}

kernels! { "activation";
    /// `y = phi(x)`, and `phi'(x)` times the tangents.
    fn activate(n: usize, blocks: usize, form: i32, leak: Real, learned: In[slopes(form)], x: In[blocks * n], y: Out[blocks * n])
        over Elements(n);
    /// The same in place.
    fn activate_in_place(n: usize, blocks: usize, form: i32, leak: Real, learned: In[slopes(form)], y: Out[blocks * n])
        over Elements(n);
    /// The same of `y + b` in place, with one number of `bias` a column.
    fn shift_and_activate(
        n: usize,
        columns: usize,
        blocks: usize,
        form: i32,
        leak: Real,
        learned: In[slopes(form)],
        bias: In[columns],
        y: Out[blocks * n],
    ) over Elements(n);
    /// `x += b`, with one number of `bias` a column.
    fn shift(n: usize, columns: usize, bias: In[columns], x: Out[n]) over Elements(n);
    /// `gx +=` the cotangents of x, given those of y.
    fn add_activated(
        n: usize,
        blocks: usize,
        form: i32,
        leak: Real,
        learned: In[slopes(form)],
        g: In[blocks * n],
        x: In[blocks * n],
        gx: Out[blocks * n],
    ) over Elements(n);
    /// The cotangents of x in place of those of y. For a piecewise linear form, x may be anything of the same sign.
    fn pull_back(n: usize, blocks: usize, form: i32, leak: Real, learned: In[slopes(form)], x: In[blocks * n], g: Out[blocks * n])
        over Elements(n);
    /// `sums_p = sum of cotangent * (x or s) where x <= 0` over part `p` of so many equal parts of the elements.
    fn slope_sums(n: usize, blocks: usize, parts: usize, g: In[blocks * n], x: In[blocks * n], sums: Out<f64>[parts])
        over Rows(parts, n);
}

/// `gs += sum of cotangent * (x or s) where x <= 0`: the gradient of a learned slope.
///
/// # Errors
/// If the device refuses.
pub(crate) fn add_slope_gradient(n: usize, blocks: usize, g: In, x: In, gs: Out) -> Result<(), DevError> {
    let parts = parts_of(n);
    let mut sums = zeros::<f64>(parts)?;
    slope_sums(n, blocks, parts, g, x, Out::of(&mut sums))?;
    add_total(parts, In::of(&sums), gs)
}
