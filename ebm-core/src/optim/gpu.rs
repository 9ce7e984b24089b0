//! The optimisers' loops on the device.

use super::step::Step;
use crate::buffers::native::{Array, change, download, plus, run, stored};
use crate::device::Real;
use crate::gpu::{In, Out, optim, reduce, zeros};
use crate::parameter::Parameter;

/// `to += from`
pub(super) fn add(to: &mut Array, from: &Array) {
    run(|| plus(Out::of(to), from));
}

/// Euclidean norm over all values.
pub(super) fn norm(arrays: &[Array]) -> f64 {
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

/// An update of one parameter; `old` are the moments before it where they are not in `m` and `v`.
pub(super) fn adam(
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

/// `to = to + (1 - decay) (from - to)`
pub(super) fn follow(to: &mut Parameter, from: &Parameter, decay: Real) {
    change(to.tensor_mut(), |to| {
        optim::follow(to.len(), 1.0 - decay, stored(from.tensor())?.read(), to)
    });
}
