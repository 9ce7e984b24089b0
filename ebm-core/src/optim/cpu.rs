//! The optimisers' loops over slices.

pub(super) use crate::kernels::math::add;

use super::step::Step;
use crate::collective::{Collective, CollectiveError};
use crate::device::Real;
use crate::kernels::math::vectorised;
use crate::parameter::Parameter;

/// Euclidean norm over all values.
pub(super) fn norm(arrays: &[Vec<Real>]) -> f64 {
    super::gradient_norm(arrays)
}

/// Values of several arrays, one after the other.
pub(super) type Row = Vec<Real>;

/// `first`, and after it the arrays.
pub(super) fn row(first: Real, arrays: &[&Vec<Real>]) -> Row {
    let mut row = Vec::with_capacity(1 + arrays.iter().map(|a| a.len()).sum::<usize>());
    row.push(first);
    arrays.iter().for_each(|array| row.extend_from_slice(array));
    row
}

/// `row = sum over the ranks of row`
pub(super) fn sum(row: &mut Row, collective: &dyn Collective) -> Result<(), CollectiveError> {
    collective.sum(row)
}

/// The first value.
pub(super) fn first(row: &Row) -> Real {
    row[0]
}

/// What comes after the first value, times `scale`, as arrays of these lengths.
pub(super) fn parts(row: &Row, lengths: &[usize], scale: Real) -> Vec<Vec<Real>> {
    let mut values = row[1..].iter().map(|value| scale * value);
    let take = |&length: &usize| values.by_ref().take(length).collect();
    lengths.iter().map(take).collect()
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
