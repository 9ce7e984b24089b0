//! The work of optimisers on arrays, done where these are: norms, sums, updates.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::parameter::Parameter;
use crate::prelude::*;
pub use backend::{Row, exchange, first, norm, parts, row};

/// Whether arrays are where kernels of the device run, and are summed there.
pub const ON_DEVICE: bool = cfg!(device_kernels);

/// The numbers of one update of Adam, which does to every value: with `g` the gradient times `scale`,
/// `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2` and `w = keep w - step m / (sqrt(v) correction + epsilon)`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
#[expect(missing_docs, reason = "the formula says what each number is")]
pub struct Step {
    pub scale: Real,
    pub b1: Real,
    pub b2: Real,
    pub epsilon: Real,
    pub step: Real,
    pub correction: Real,
    pub keep: Real,
}

/// `to += from`
pub fn add(to: &mut Array, from: &Array) {
    run(|| accumulate(view_mut(to), from));
}

/// An update of one parameter; `old` are the moments before it where they are not in `m` and `v`.
pub fn adam(
    step: Step,
    g: &Array,
    old: Option<(&Array, &Array)>,
    m: &mut Array,
    v: &mut Array,
    parameter: &mut Parameter,
) {
    let (g, m, v) = (view(g), view_mut(m), view_mut(v));
    change(parameter.tensor_mut(), |w| match old {
        Some((first, second)) => backend::adam_beside(g.len(), step, g, view(first), view(second), m, v, w),
        None => backend::adam(g.len(), step, g, m, v, w),
    });
}

/// Changes every value `w` of a parameter and `s` of an array kept beside it, given the gradient `g`, by `change(g, s, w)`: on the
/// host, through which all of them are copied.
pub fn elementwise(g: &Array, s: &mut Array, parameter: &mut Parameter, change: impl Fn(Real, &mut Real, &mut Real)) {
    let (mut values, mut kept) = (parameter.values(), to_host(s));
    for ((g, s), w) in to_host(g).into_iter().zip(&mut kept).zip(&mut values) {
        change(g, s, w);
    }
    *s = from_host(kept);
    parameter.set(&values);
}

/// `to = to + (1 - decay) (from - to)`
pub fn follow(to: &mut Parameter, from: &Parameter, decay: Real) {
    change(to.tensor_mut(), |to| backend::follow(to.len(), 1.0 - decay, stored(from.tensor())?.read(), to));
}
