//! Epilogues on the device, in blocks of `n` elements: one of values, and below it one for every tangent, `blocks` in all.

use super::Epilogue;
use crate::gpu::{Argument, by_value};
use crate::prelude::*;

/// An epilogue as kernels take it: its number in `epilogue.cuh`, and its slope below zero.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Form {
    number: i32,
    slope: Real,
}

by_value!(Form);

impl Argument for Epilogue {
    type Raw = Form;
    fn raw(&self) -> Form {
        let (number, slope) = match *self {
            Self::Identity => (0, 1.0),
            Self::Leaky(slope) => (1, slope),
            Self::Tanh => (2, 0.0),
        };
        Form { number, slope }
    }
}

kernels! { "epilogue";
    fn end(n: usize, blocks: usize, epilogue: Epilogue, x: In[blocks * n], y: Out[blocks * n]) over Elements(n);
    /// The same of `y + b` in place, with one number of `bias` a column; there may be none.
    fn shift_and_end(n: usize, columns: usize, blocks: usize, epilogue: Epilogue, bias: In[columns], y: Out[blocks * n])
        over Elements(n);
    /// The cotangents before the epilogue in place of those of y.
    fn vjp_of_epilogue(n: usize, blocks: usize, epilogue: Epilogue, y: In[blocks * n], g: Out[blocks * n]) over Elements(n);
}
