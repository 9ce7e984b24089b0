//! The optimisers' loops over slices.

use super::step::Step;
use crate::device::{Real, Vector};
use crate::math::vectorised;
use crate::parameter::{Parameter, gradient_norm};

/// Adds `from` to `to`, element by element.
pub fn add(to: &mut [Real], from: &[Real]) {
    crate::math::add(to, from);
}

/// Euclidean norm over all values.
pub fn norm(arrays: &[Vec<Real>]) -> f64 {
    gradient_norm(arrays)
}

/// Values of several arrays, one after the other.
pub type Row = Vec<Real>;

/// `first`, and after it the arrays.
pub fn row(first: Real, arrays: &[&Vec<Real>]) -> Row {
    let mut row = Vec::with_capacity(1 + arrays.iter().map(|a| a.len()).sum::<usize>());
    row.push(first);
    arrays.iter().for_each(|array| row.extend_from_slice(array));
    row
}

/// Has the row changed by the function for arrays on the host.
///
/// # Errors
/// Those of the function.
pub fn exchange<E>(
    row: &mut Row,
    on_host: impl FnOnce(&mut [Real]) -> Result<(), E>,
    _on_device: impl FnOnce(&mut Vector) -> Result<(), E>,
) -> Result<(), E> {
    on_host(row)
}

/// The first value.
pub fn first(row: &Row) -> Real {
    row[0]
}

/// What comes after the first value, times `scale`, as arrays of these lengths.
pub fn parts(row: &Row, lengths: &[usize], scale: Real) -> Vec<Vec<Real>> {
    let mut values = row[1..].iter().map(|value| scale * value);
    let take = |&length: &usize| values.by_ref().take(length).collect();
    lengths.iter().map(take).collect()
}

/// An update of one parameter; `old` are the moments before it where they are not in `m` and `v`.
pub fn adam(
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

/// Changes every value `w` of a parameter and `s` of an array kept beside it, given the gradient `g`, by `change(g, s, w)`.
pub fn elementwise(g: &[Real], s: &mut [Real], parameter: &mut Parameter, change: impl Fn(Real, &mut Real, &mut Real)) {
    let mut values = parameter.values();
    vectorised(|| {
        for ((g, s), w) in g.iter().zip(s.iter_mut()).zip(&mut values) {
            change(*g, s, w);
        }
    });
    parameter.set(&values);
}

/// `to = to + (1 - decay) (from - to)`
pub fn follow(to: &mut Parameter, from: &Parameter, decay: Real) {
    let mut values = from.values();
    for (v, a) in values.iter_mut().zip(to.values()) {
        *v = a + (1.0 - decay) * (*v - a);
    }
    to.set(&values);
}
