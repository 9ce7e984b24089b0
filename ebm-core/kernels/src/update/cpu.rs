use super::Step;
use crate::prelude::*;

pub use crate::parameter::gradient_norm as norm;

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

/// The values after the first one, times `scale`, as arrays of these lengths.
pub fn parts(row: &Row, lengths: &[usize], scale: Real) -> Vec<Vec<Real>> {
    let mut values = row[1..].iter().map(|value| scale * value);
    let take = |&length: &usize| values.by_ref().take(length).collect();
    lengths.iter().map(take).collect()
}

/// An update of Adam, with the moments in place.
pub fn adam(_: usize, step: Step, g: In, m: Out, v: Out, w: Out) -> DevResult {
    let Step { scale, b1, b2, epsilon, step, correction, keep } = step;
    vectorised(|| {
        for (((w, g), m), v) in w.iter_mut().zip(g).zip(m.iter_mut()).zip(v.iter_mut()) {
            let g = g * scale;
            *m = b1 * *m + (1.0 - b1) * g;
            *v = b2 * *v + (1.0 - b2) * g * g;
            *w = keep * *w - step * *m / (v.sqrt() * correction + epsilon);
        }
    });
    Ok(())
}

/// An update of Adam that leaves the moments before it as they are.
pub fn adam_beside(n: usize, step: Step, g: In, old_m: In, old_v: In, m: Out, v: Out, w: Out) -> DevResult {
    m.copy_from_slice(old_m);
    v.copy_from_slice(old_v);
    adam(n, step, g, m, v, w)
}

/// `to += rate (from - to)`
pub fn follow(_: usize, rate: Real, from: In, to: Out) -> DevResult {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += rate * (from - *to));
    Ok(())
}
