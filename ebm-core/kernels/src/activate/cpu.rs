//! Activations on slices.

use dfdx::prelude::*;

use crate::Activation;
use crate::buffers::native::plus;
use crate::buffers::{self, read};
use crate::dense::{Leaky, Phi, Silu, Softplus, Tanh, with_phi};
use crate::device::{DevError, Matrix, PerSample, Real};
use crate::math::vectorised;
use crate::parallel;

/// Multiply-adds that an element takes the time of.
const WORK: usize = 8;

/// How many samples a task takes.
fn step(x: &Matrix, primal: usize) -> usize {
    let (rows, width) = *x.shape();
    parallel::rows_a_task(primal, WORK * rows / primal * width)
}

/// The slope below zero of a PReLU.
fn below(learned: Option<&PerSample>) -> Real {
    learned.map_or(0.0, |s| read(s)[0])
}

/// `phi(x)`, and `phi'(x)` times the tangents.
pub(super) fn activated(x: &Matrix, primal: usize, activation: Activation, learned: Option<&PerSample>) -> Matrix {
    let (rows, width) = *x.shape();
    let a = below(learned);
    let mut y = read(x).into_owned();
    parallel::run(parallel::split(&mut y, primal, width, step(x, primal)), |mut part| {
        let (values, tangents) = part.blocks.split_at_mut(1);
        with_phi!(activation, a, |phi| forward(phi, values[0], tangents));
    });
    buffers::tensor(y, (rows, width))
}

/// Adds the gradient of a learned slope.
pub(super) fn add_to_slope(gs: &mut [Real], g: &[Real], x: &Matrix, primal: usize) -> Result<(), DevError> {
    gs[0] += slope_gradient(g, &read(x), primal * x.shape().1);
    Ok(())
}

/// Adds the cotangents of x.
pub(super) fn add_activated(
    gx: &mut [Real],
    mut g: Vec<Real>,
    x: &Matrix,
    primal: usize,
    activation: Activation,
    learned: Option<&PerSample>,
) -> Result<(), DevError> {
    let width = x.shape().1;
    let (step, a) = (step(x, primal), below(learned));
    let x = read(x);
    parallel::run(parallel::split(&mut g, primal, width, step), |mut part| {
        let samples = part.samples.start * width..part.samples.end * width;
        let inputs: Vec<&[Real]> = x.chunks_exact(primal * width).map(|b| &b[samples.clone()]).collect();
        with_phi!(activation, a, |phi| pull_back(phi, &mut part.blocks, &inputs));
    });
    plus(gx, &g)
}

/// Replaces x by phi(x) and every t by phi'(x) t.
fn forward<P: Phi>(phi: P, values: &mut [Real], tangents: &mut [&mut [Real]]) {
    for tangent in tangents {
        let pairs = tangent.iter_mut().zip(values.iter());
        vectorised(|| pairs.for_each(|(t, x)| *t *= phi.jet(*x).1));
    }
    vectorised(|| values.iter_mut().for_each(|x| *x = phi.value(*x)));
}

/// Turns the cotangents of the outputs into those of the inputs, in place.
fn pull_back<P: Phi>(phi: P, g: &mut [&mut [Real]], inputs: &[&[Real]]) {
    let (Some((first, others)), Some((x, tangents))) = (g.split_first_mut(), inputs.split_first()) else {
        return;
    };
    vectorised(|| first.iter_mut().zip(*x).for_each(|(g, x)| *g *= phi.jet(*x).1));
    for (g, t) in others.iter_mut().zip(tangents) {
        vectorised(|| {
            for ((f, g), (x, t)) in first.iter_mut().zip(g.iter_mut()).zip(x.iter().zip(*t)) {
                let (_, slope, bend) = phi.jet(*x);
                *f += *g * bend * t;
                *g *= slope;
            }
        });
    }
}

/// `sum of cotangent * (x or t) where x <= 0`, over blocks of values and tangents.
fn slope_gradient(g: &[Real], x: &[Real], block: usize) -> Real {
    let rows = g.chunks_exact(block).zip(x.chunks_exact(block));
    let total: f64 = rows
        .map(|(g, inputs)| {
            let parts = g.chunks(4096).zip(inputs.chunks(4096)).zip(x[..block].chunks(4096));
            parts
                .map(|((g, inputs), x)| {
                    let mut lanes = [0.0; 16];
                    vectorised(|| {
                        for ((g, inputs), x) in g.chunks(16).zip(inputs.chunks(16)).zip(x.chunks(16)) {
                            for (lane, ((g, i), x)) in lanes.iter_mut().zip(g.iter().zip(inputs).zip(x)) {
                                *lane += if *x > 0.0 { 0.0 } else { g * i };
                            }
                        }
                    });
                    f64::from(lanes.iter().sum::<Real>())
                })
                .sum::<f64>()
        })
        .sum();
    total as Real
}
