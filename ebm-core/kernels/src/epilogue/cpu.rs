//! Epilogues on slices, in blocks of `n` elements: one of values, and below it one for every tangent.

use super::Epilogue;
use crate::math;
use crate::parallel;
use crate::prelude::*;

/// Multiply-adds that an element of a pass over memory takes the time of.
const PASS: usize = 8;

impl Epilogue {
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
    fn scale(self, tangents: Out, values: In) {
        let pairs = tangents.iter_mut().zip(values);
        match self {
            Self::Identity => {}
            Self::Leaky(a) => vectorised(|| pairs.for_each(|(t, y)| *t *= if *y > 0.0 { 1.0 } else { a })),
            Self::Tanh => vectorised(|| pairs.for_each(|(t, y)| *t *= 1.0 - y * y)),
        }
    }

    /// Turns the cotangents of some samples' outputs, in blocks of values and tangents, into those before the activation.
    fn vjp(self, cotangents: &mut [&mut [Real]], outputs: &[&[Real]]) {
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

/// `y = phi(x)`, and `phi'(x)` times the tangents.
pub fn end(n: usize, blocks: usize, epilogue: Epilogue, x: In, y: Out) -> DevResult {
    y.copy_from_slice(x);
    let step = parallel::rows_a_task(n, PASS * blocks);
    parallel::run(parallel::split(y, n, 1, step), |mut part| epilogue.apply(&mut part.blocks));
    Ok(())
}

/// Turns the cotangents of `y` into those before the epilogue, in place.
pub fn vjp_of_epilogue(n: usize, blocks: usize, epilogue: Epilogue, y: In, g: Out) -> DevResult {
    let step = parallel::rows_a_task(n, PASS * blocks);
    parallel::run(parallel::split(g, n, 1, step), |mut part| {
        epilogue.vjp(&mut part.blocks, &parallel::blocks(y, n, &part.samples));
    });
    Ok(())
}
