//! The elements on the device, a thread each.

use dfdx::prelude::*;

use crate::buffers::native::{Taken, filled, stored};
use crate::device::{DevError, Matrix};
use crate::gpu::monotone::{monotone_backward, monotone_forward};
use crate::gpu::{In, Out, zeros};

/// Nothing: to compute exponentials anew costs less than to keep them.
pub(super) struct Saved;

/// Values and tangents, the first `elements` of which are values.
pub(super) fn forward(u: &Matrix, p: &Matrix, elements: usize, steps: usize) -> (Matrix, Saved) {
    let y = filled(*u.shape(), |y| {
        let (blocks, u, p) = (y.len() / elements, stored(u)?, stored(p)?);
        monotone_forward(elements, blocks, steps, u.read(), p.read(), y)
    });
    (y, Saved)
}

/// The cotangents of u and of the parameters.
pub(super) fn backward(
    u: &Matrix,
    p: &Matrix,
    _: &Saved,
    elements: usize,
    steps: usize,
    g: &Taken,
) -> Result<(Taken, Taken), DevError> {
    let (u, p, g) = (stored(u)?, stored(p)?, In::of(g));
    let (mut gu, mut gp) = (zeros(u.read().len())?, zeros(p.read().len())?);
    let blocks = g.len() / elements;
    let (to_u, to_p) = (Out::of(&mut gu), Out::of(&mut gp));
    monotone_backward(elements, blocks, steps, u.read(), p.read(), g, to_u, to_p)?;
    Ok((gu, gp))
}
