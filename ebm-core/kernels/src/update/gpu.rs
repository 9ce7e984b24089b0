//! The optimisers' loops on the device.

use super::step::Step;
use crate::buffers::native::{Array, change, download, filled, from_host, plus, run, stored, to_host};
use crate::device::{Real, Vector};
use crate::gpu::{In, Out, elementwise, optim, reduce, upload, zeros};
use crate::parameter::Parameter;

/// `to += from`
pub fn add(to: &mut Array, from: &Array) {
    run(|| plus(Out::of(to), from));
}

/// Euclidean norm over all values.
pub fn norm(arrays: &[Array]) -> f64 {
    let arrays: Vec<In> = arrays.iter().map(In::of).filter(|a| a.len() > 0).collect();
    // The parts of all arrays are read at once, and added up here.
    let parts: usize = arrays.iter().map(|a| reduce::parts_of(a.len())).sum();
    let sums = run(|| {
        let mut sums = zeros::<f64>(parts)?;
        let mut start = 0;
        for &array in &arrays {
            let parts = reduce::parts_of(array.len());
            let range = start..start + parts;
            reduce::part_products(array.len(), parts, array, array, Out::of(&mut sums).part(range))?;
            start += parts;
        }
        download(&sums)
    });
    sums.iter().sum::<f64>().sqrt()
}

/// Values of several arrays, one after the other, on the device.
pub type Row = Vector;

/// `first`, and after it the arrays.
pub fn row(first: Real, arrays: &[&Array]) -> Row {
    let arrays: Vec<In> = arrays.iter().map(|array| In::of(array)).collect();
    let length = 1 + arrays.iter().map(In::len).sum::<usize>();
    filled((length,), |mut row| {
        elementwise::copy_to(1, In::of(&upload(vec![first])?), row.part(0..1))?;
        let mut start = 1;
        for array in arrays {
            let end = start + array.len();
            elementwise::copy_to(array.len(), array, row.part(start..end))?;
            start = end;
        }
        Ok(())
    })
}

/// Has the row changed by the function for arrays on the device.
///
/// # Errors
/// Those of the function.
pub fn exchange<E>(
    row: &mut Row,
    _on_host: impl FnOnce(&mut [Real]) -> Result<(), E>,
    on_device: impl FnOnce(&mut Vector) -> Result<(), E>,
) -> Result<(), E> {
    on_device(row)
}

/// The first value. It alone is read.
pub fn first(row: &Row) -> Real {
    run(|| {
        let mut first = zeros(1)?;
        elementwise::copy_to(1, stored(row)?.read().part(0..1), Out::of(&mut first))?;
        Ok(download(&first)?[0])
    })
}

/// What comes after the first value, times `scale`, as arrays of these lengths.
pub fn parts(row: &Row, lengths: &[usize], scale: Real) -> Vec<Array> {
    run(|| {
        let (stored, mut start) = (stored(row)?, 1);
        let mut take = |&length: &usize| {
            let part = stored.read().part(start..start + length);
            start += length;
            let mut array = zeros(length)?;
            elementwise::scaled(length, scale, part, Out::of(&mut array))?;
            Ok(array)
        };
        lengths.iter().map(&mut take).collect()
    })
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
    let g = In::of(g);
    change(parameter.tensor_mut(), |w| match old {
        Some((first, second)) => {
            let (first, second) = (In::of(first), In::of(second));
            optim::adam_beside(g.len(), step, g, first, second, Out::of(m), Out::of(v), w)
        }
        None => optim::adam(g.len(), step, g, Out::of(m), Out::of(v), w),
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
    change(to.tensor_mut(), |to| {
        optim::follow(to.len(), 1.0 - decay, stored(from.tensor())?.read(), to)
    });
}
