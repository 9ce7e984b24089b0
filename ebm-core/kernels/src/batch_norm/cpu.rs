//! Batch normalisation on slices.

use dfdx::prelude::*;
use std::ops::Range;

use super::{BatchNorm, EPSILON, Statistics};
use crate::buffers::{self, read};
use crate::channels::{PIXELS, add_up, in_parts};
use crate::device::{DevError, Matrix, PerSample, Real};
use crate::math::{add, vectorised};
use crate::parallel;
use crate::parameter::Parameter;

/// Multiply-adds that an element of a pass over memory takes the time of.
const PASS: usize = 8;

pub(super) fn statistics(x: &Matrix, channels: usize) -> Statistics {
    let x = read(x);
    let Moments { mean, variance } = moments(&x, channels);
    Statistics {
        mean: buffers::tensor(mean, (channels,)),
        variance: buffers::tensor(variance, (channels,)),
    }
}

/// Means and variances of the channels.
struct Moments {
    mean: Vec<Real>,
    variance: Vec<Real>,
}

fn moments(x: &[Real], channels: usize) -> Moments {
    let pixels = x.len() / channels;
    let parts = in_parts(pixels, |part| {
        of_pixels(&x[part.start * channels..part.end * channels], channels)
    });
    let mut parts = parts.into_iter().zip((0..).map(|k| (pixels - k * PIXELS).min(PIXELS)));
    let Some((mut total, mut count)) = parts.next() else {
        return Moments {
            mean: vec![0.0; channels],
            variance: vec![0.0; channels],
        };
    };
    // Chan, Golub and LeVeque: the statistics of two sets together, from those of each.
    for (part, more) in parts {
        let share = more as Real / (count + more) as Real;
        let own = total.mean.iter_mut().zip(&mut total.variance);
        for ((mean, variance), (m, v)) in own.zip(part.mean.iter().zip(&part.variance)) {
            let apart = m - *mean;
            *mean += share * apart;
            *variance += share * (v - *variance) + share * (1.0 - share) * apart * apart;
        }
        count += more;
    }
    total
}

fn of_pixels(x: &[Real], channels: usize) -> Moments {
    let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
    let share = channels as Real / x.len() as Real;
    vectorised(|| {
        for pixel in x.chunks_exact(channels) {
            add(&mut mean, pixel);
        }
        mean.iter_mut().for_each(|m| *m *= share);
        for pixel in x.chunks_exact(channels) {
            for ((s, v), m) in variance.iter_mut().zip(pixel).zip(&mean) {
                *s += (v - m) * (v - m);
            }
        }
        variance.iter_mut().for_each(|s| *s *= share);
    });
    Moments { mean, variance }
}

pub(super) fn move_running(running: &mut Parameter, latest: &PerSample, share: Real, factor: Real) {
    let mut values = running.values();
    for (r, n) in values.iter_mut().zip(read(latest).iter()) {
        *r += share * (factor * n - *r);
    }
    running.set(&values);
}

pub(super) fn forward(x: &Matrix, primal: usize, layer: BatchNorm<'_>) -> Matrix {
    let (rows, width) = *x.shape();
    let (mean, inverse) = (read(&layer.statistics.mean), inverse_deviations(layer.statistics));
    let (x, gamma, beta) = (read(x), read(layer.gamma), read(layer.beta));
    let channels = inverse.len();
    let mut y = vec![0.0; rows * width];
    let step = parallel::rows_a_task(primal, PASS * rows / primal * width);
    parallel::run(parallel::split(&mut y, primal, width, step), |mut part| {
        for (block, y) in part.blocks.iter_mut().enumerate() {
            let x = &x[(block * primal + part.samples.start) * width..][..y.len()];
            let pixels = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
            vectorised(|| {
                if block == 0 {
                    for (y, x) in pixels {
                        let normal = x.iter().zip(mean.iter()).zip(&inverse).map(|((x, m), r)| (x - m) * r);
                        for (((y, v), g), b) in y.iter_mut().zip(normal).zip(gamma.iter()).zip(beta.iter()) {
                            *y = v * g + b;
                        }
                    }
                } else {
                    for (y, x) in pixels {
                        for (((y, x), r), g) in y.iter_mut().zip(x).zip(&inverse).zip(gamma.iter()) {
                            *y = x * r * g;
                        }
                    }
                }
            });
        }
        layer.ending.apply(&mut part.blocks);
    });
    buffers::tensor(y, (rows, width))
}

fn inverse_deviations(statistics: &Statistics) -> Vec<Real> {
    let variances = read(&statistics.variance);
    variances.iter().map(|v| 1.0 / (v + EPSILON).sqrt()).collect()
}

/// The gradients of gamma and beta.
pub(super) struct Sums {
    pub by_gamma: Vec<Real>,
    pub by_beta: Vec<Real>,
}

/// The gradients of gamma and beta; tangents do not reach beta.
pub(super) fn sums(g: &[Real], x: &Matrix, primal: usize, statistics: &Statistics) -> Result<Sums, DevError> {
    let (mean, inverse) = (read(&statistics.mean), inverse_deviations(statistics));
    let (mean, inverse) = (&*mean, &inverse[..]);
    let channels = mean.len();
    // The first pixels are values, the others tangents.
    let values = primal * x.shape().1 / channels;
    let x = read(x);
    let parts = in_parts(g.len() / channels, |part| {
        let (mut by_gamma, mut by_beta) = (vec![0.0; channels], vec![0.0; channels]);
        let (of_values, of_tangents) = (
            part.start.min(values)..part.end.min(values),
            part.start.max(values)..part.end,
        );
        let elements = |pixels: Range<usize>| pixels.start * channels..pixels.end.max(pixels.start) * channels;
        vectorised(|| {
            let range = elements(of_values);
            let pixels = g[range.clone()]
                .chunks_exact(channels)
                .zip(x[range].chunks_exact(channels));
            for (g, x) in pixels {
                let normal = x.iter().zip(mean).zip(inverse).map(|((x, m), r)| (x - m) * r);
                for (((c, b), g), n) in by_gamma.iter_mut().zip(&mut by_beta).zip(g).zip(normal) {
                    *c += g * n;
                    *b += g;
                }
            }
            let range = elements(of_tangents);
            let pixels = g[range.clone()]
                .chunks_exact(channels)
                .zip(x[range].chunks_exact(channels));
            for (g, x) in pixels {
                for (((c, g), x), r) in by_gamma.iter_mut().zip(g).zip(x).zip(inverse) {
                    *c += g * (x * r);
                }
            }
        });
        (by_gamma, by_beta)
    });
    let (by_gamma, by_beta) = parts.into_iter().unzip();
    Ok(Sums {
        by_gamma: add_up(by_gamma),
        by_beta: add_up(by_beta),
    })
}

/// The gradient of x, through its statistics if their sums are given.
pub(super) fn add_gradient(
    gx: &mut [Real],
    g: &[Real],
    x: &Matrix,
    statistics: &Statistics,
    gamma: &PerSample,
    through: Option<&Sums>,
) -> Result<(), DevError> {
    let (rows, width) = *x.shape();
    let (x, mean, inverse) = (read(x), read(&statistics.mean), inverse_deviations(statistics));
    let channels = inverse.len();
    let scale: Vec<Real> = read(gamma).iter().zip(&inverse).map(|(g, r)| g * r).collect();
    let share = channels as Real / (rows * width) as Real;
    let step = parallel::rows_a_task(rows, PASS * width);
    parallel::run(parallel::split(gx, rows, width, step), |mut part| {
        let gx = &mut *part.blocks[0];
        let range = part.samples.start * width..part.samples.end * width;
        let pixels = gx
            .chunks_exact_mut(channels)
            .zip(g[range.clone()].chunks_exact(channels));
        vectorised(|| {
            let Some(Sums { by_gamma, by_beta }) = through else {
                for (gx, g) in pixels {
                    gx.iter_mut().zip(g).zip(&scale).for_each(|((gx, g), s)| *gx += s * g);
                }
                return;
            };
            for ((gx, g), x) in pixels.zip(x[range].chunks_exact(channels)) {
                let normal = x.iter().zip(mean.iter()).zip(&inverse).map(|((x, m), r)| (x - m) * r);
                let sums = by_beta.iter().zip(by_gamma);
                for ((((gx, g), s), n), (b, c)) in gx.iter_mut().zip(g).zip(&scale).zip(normal).zip(sums) {
                    *gx += s * (g - (b + n * c) * share);
                }
            }
        });
    });
    Ok(())
}
