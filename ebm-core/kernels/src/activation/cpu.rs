//! Activations on slices, in blocks of `n` elements: one of values, and below it one for every tangent.

use super::{Activation, Phi, with_phi};
use crate::parallel;
use crate::prelude::*;

/// Multiply-adds that an element takes the time of.
const WORK: usize = 8;
/// Elements whose derivatives are held at a time.
const CHUNK: usize = 512;

/// `y = phi(x)`, and `phi'(x)` times the tangents.
pub(crate) fn activate(n: usize, blocks: usize, activation: Activation, learned: In, x: In, y: Out) -> DevResult {
    let step = parallel::rows_a_task(n, WORK * blocks);
    parallel::run(parallel::split(y, n, 1, step), |mut part| {
        let slope = slope(learned);
        with_phi!(activation, |P| {
            for (block, y) in part.blocks.iter_mut().enumerate() {
                let values = &x[part.samples.clone()];
                let own = &x[block * n..][part.samples.clone()];
                vectorised(|| match block {
                    0 => y.iter_mut().zip(values).for_each(|(y, x)| *y = P::jet(slope, *x).0),
                    _ => {
                        for ((y, t), x) in y.iter_mut().zip(own).zip(values) {
                            *y = t * P::jet(slope, *x).1;
                        }
                    }
                });
            }
        });
    });
    Ok(())
}

/// `gx +=` the cotangents of x, given those of y.
pub fn add_vjp(n: usize, blocks: usize, activation: Activation, learned: In, g: In, x: In, gx: Out) -> DevResult {
    let step = parallel::rows_a_task(n, WORK * blocks);
    parallel::run(parallel::split(gx, n, 1, step), |mut part| {
        let (g, x) = (parallel::blocks(g, n, &part.samples), parallel::blocks(x, n, &part.samples));
        with_phi!(activation, |P| add_vjp_of_part::<P>(slope(learned), &g, &x, &mut part.blocks));
    });
    Ok(())
}

fn add_vjp_of_part<P: Phi>(slope: Real, g: &[&[Real]], x: &[&[Real]], gx: &mut [&mut [Real]]) {
    let Some((values, tangents)) = gx.split_first_mut() else {
        return;
    };
    if tangents.is_empty() {
        vectorised(|| {
            for ((gx, g), x) in values.iter_mut().zip(g[0]).zip(x[0]) {
                *gx += g * P::jet(slope, *x).1;
            }
        });
        return;
    }
    let (mut slopes, mut bends, mut sums) = ([0.0; CHUNK], [0.0; CHUNK], [0.0; CHUNK]);
    for start in (0..values.len()).step_by(CHUNK) {
        let range = start..(start + CHUNK).min(values.len());
        vectorised(|| {
            let own = x[0][range.clone()].iter().zip(&g[0][range.clone()]);
            for ((x, g), ((first, bend), sum)) in own.zip(slopes.iter_mut().zip(&mut bends).zip(&mut sums)) {
                (_, *first, *bend) = P::jet(slope, *x);
                *sum = g * *first;
            }
            for ((gx, g), t) in tangents.iter_mut().zip(&g[1..]).zip(&x[1..]) {
                let own = gx[range.clone()].iter_mut().zip(&g[range.clone()]).zip(&t[range.clone()]);
                for (((gx, g), t), ((slope, bend), sum)) in own.zip(slopes.iter().zip(&bends).zip(&mut sums)) {
                    *sum += g * bend * t;
                    *gx += g * slope;
                }
            }
            values[range.clone()].iter_mut().zip(&sums).for_each(|(gx, sum)| *gx += sum);
        });
    }
}

/// `gs += sum of cotangent * (x or t) where x <= 0`: the gradient of a learned slope.
pub fn add_slope_gradient(n: usize, _: usize, g: In, x: In, gs: Out) -> DevResult {
    let of_block = |(g, inputs): (&[Real], &[Real])| -> f64 {
        let parts = g.chunks(4096).zip(inputs.chunks(4096)).zip(x[..n].chunks(4096));
        let of_part = |((g, inputs), x): ((&[Real], &[Real]), &[Real])| {
            let mut lanes = [0.0; 16];
            vectorised(|| {
                for ((g, inputs), x) in g.chunks(16).zip(inputs.chunks(16)).zip(x.chunks(16)) {
                    for (lane, ((g, i), x)) in lanes.iter_mut().zip(g.iter().zip(inputs).zip(x)) {
                        *lane += if *x > 0.0 { 0.0 } else { g * i };
                    }
                }
            });
            f64::from(lanes.iter().sum::<Real>())
        };
        parts.map(of_part).sum()
    };
    let total: f64 = g.chunks_exact(n).zip(x.chunks_exact(n)).map(of_block).sum();
    gs[0] += total as Real;
    Ok(())
}

/// The learned slope, where there is one.
fn slope(learned: In) -> Real {
    learned.first().copied().unwrap_or(0.0)
}
