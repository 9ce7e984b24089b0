//! The optimisers' loops over slices.

pub(super) use crate::kernels::math::add;

use super::step::Step;
use crate::device::Real;
use crate::kernels::math::vectorised;
use crate::parameter::Parameter;

/// Euclidean norm over all values.
pub(super) fn norm(arrays: &[Vec<Real>]) -> f64 {
    super::gradient_norm(arrays)
}

/// An update of one parameter; `old` are the moments before it where they are not in `m` and `v`.
pub(super) fn adam(
    numbers: Step,
    g: &[Real],
    old: Option<(&Vec<Real>, &Vec<Real>)>,
    m: &mut [Real],
    v: &mut [Real],
    parameter: &mut Parameter,
) {
    if let Some((first, second)) = old {
        m.copy_from_slice(first);
        v.copy_from_slice(second);
    }
    let Step {
        scale,
        b1,
        b2,
        epsilon,
        step,
        correction,
        keep,
    } = numbers;
    let mut values = parameter.values();
    vectorised(|| {
        for (((w, g), m), v) in values.iter_mut().zip(g).zip(m.iter_mut()).zip(v.iter_mut()) {
            let g = g * scale;
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            *w = keep * *w - step * *m / (v.sqrt() * correction + epsilon);
        }
    });
    parameter.set(&values);
}

/// `to = to + (1 - decay) (from - to)`
pub(super) fn follow(to: &mut Parameter, from: &Parameter, decay: Real) {
    let mut values = from.values();
    for (v, a) in values.iter_mut().zip(to.values()) {
        *v = a + (1.0 - decay) * (*v - a);
    }
    to.set(&values);
}
