//! Endings on slices.

use dfdx::prelude::*;

use super::Ending;
use crate::buffers::native::plus;
use crate::buffers::{self, read};
use crate::device::{DevError, Matrix, Real};
use crate::math::{self, vectorised};
use crate::parallel;

/// Multiply-adds that an element of a pass over memory takes the time of.
const PASS: usize = 8;

impl Ending {
    /// `y = phi(y)` in place, and `t = phi'(a) t` for the tangents of the same elements.
    pub(crate) fn apply(self, blocks: &mut [&mut [Real]]) {
        let Some((values, tangents)) = blocks.split_first_mut() else {
            return;
        };
        match self {
            Self::Identity => {}
            Self::Leaky(a) => vectorised(|| {
                values.iter_mut().for_each(|v| *v = if *v > 0.0 { *v } else { a * *v });
            }),
            Self::Tanh => vectorised(|| values.iter_mut().for_each(|v| *v = math::tanh(*v))),
        }
        for tangent in tangents {
            self.scale(tangent, values);
        }
    }

    /// `t = phi'(a) t`, given `y = phi(a)`.
    fn scale(self, tangents: &mut [Real], values: &[Real]) {
        let pairs = tangents.iter_mut().zip(values);
        match self {
            Self::Identity => {}
            Self::Leaky(a) => vectorised(|| pairs.for_each(|(t, y)| *t *= if *y > 0.0 { 1.0 } else { a })),
            Self::Tanh => vectorised(|| pairs.for_each(|(t, y)| *t *= 1.0 - y * y)),
        }
    }

    /// Turns the cotangents of some samples' outputs, in blocks of values and tangents, into those before the activation.
    fn pull_back(self, cotangents: &mut [&mut [Real]], outputs: &[&[Real]]) {
        let (Some((first, others)), Some((y, tangents))) = (cotangents.split_first_mut(), outputs.split_first()) else {
            return;
        };
        self.scale(first, y);
        for (g, t) in others.iter_mut().zip(tangents) {
            if self == Self::Tanh {
                // phi'' s = -2 y t.
                vectorised(|| {
                    for ((f, g), (y, t)) in first.iter_mut().zip(g.iter()).zip(y.iter().zip(t.iter())) {
                        *f -= 2.0 * g * y * t;
                    }
                });
            }
            self.scale(g, y);
        }
    }
}

/// `phi(x)`, and `phi'(x)` times the tangents.
pub(super) fn ended(x: &Matrix, primal: usize, ending: Ending) -> Matrix {
    let (rows, width) = *x.shape();
    let mut y = read(x).into_owned();
    let step = parallel::rows_a_task(primal, PASS * rows / primal * width);
    parallel::run(parallel::split(&mut y, primal, width, step), |mut part| {
        ending.apply(&mut part.blocks);
    });
    buffers::tensor(y, (rows, width))
}

/// Turns the cotangents of `y` into those before the ending, in place.
pub(crate) fn pull_back(g: &mut [Real], y: &Matrix, primal: usize, ending: Ending) -> Result<(), DevError> {
    let width = y.shape().1;
    let y = read(y);
    let step = parallel::rows_a_task(primal, PASS * g.len() / primal);
    parallel::run(parallel::split(g, primal, width, step), |mut part| {
        let samples = part.samples.start * width..part.samples.end * width;
        let outputs: Vec<&[Real]> = y
            .chunks_exact(primal * width)
            .map(|block| &block[samples.clone()])
            .collect();
        ending.pull_back(&mut part.blocks, &outputs);
    });
    Ok(())
}

/// Adds the cotangents before the ending.
pub(super) fn add_ended(
    gx: &mut [Real],
    mut g: Vec<Real>,
    y: &Matrix,
    primal: usize,
    ending: Ending,
) -> Result<(), DevError> {
    pull_back(&mut g, y, primal, ending)?;
    plus(gx, &g)
}
