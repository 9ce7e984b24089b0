use std::ops::Range;

use super::EPSILON;
use crate::channel_sums::backend::{PIXELS, add_up, in_parts};
use crate::math::add_rows;
use crate::parallel;
use crate::prelude::*;

/// Multiply-adds that an element of a pass over memory takes the time of.
const PASS: usize = 8;

/// Means and variances of the channels of `[pixels, channels]`.
pub fn statistics(pixels: usize, channels: usize, x: In, mean: Out, variance: Out) -> DevResult {
    let parts = in_parts(pixels, |part| of_pixels(&x[part.start * channels..part.end * channels], channels));
    let mut parts = parts.into_iter().zip((0..).map(|k| (pixels - k * PIXELS).min(PIXELS)));
    let Some(((first_mean, first_variance), mut count)) = parts.next() else {
        return Ok(());
    };
    mean.copy_from_slice(&first_mean);
    variance.copy_from_slice(&first_variance);
    // Chan, Golub and LeVeque: the statistics of two sets together, from those of each.
    for ((means, variances), more) in parts {
        let share = more as Real / (count + more) as Real;
        let own = mean.iter_mut().zip(variance.iter_mut());
        for ((mean, variance), (m, v)) in own.zip(means.iter().zip(&variances)) {
            let apart = m - *mean;
            *mean += share * apart;
            *variance += share * (v - *variance) + share * (1.0 - share) * apart * apart;
        }
        count += more;
    }
    Ok(())
}

/// Means and variances.
fn of_pixels(x: In, channels: usize) -> (Vec<Real>, Vec<Real>) {
    let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
    let share = channels as Real / x.len() as Real;
    vectorised(|| {
        add_rows(&mut mean, x);
        mean.iter_mut().for_each(|m| *m *= share);
        for pixel in x.chunks_exact(channels) {
            for ((s, v), m) in variance.iter_mut().zip(pixel).zip(&mean) {
                *s += (v - m) * (v - m);
            }
        }
        variance.iter_mut().for_each(|s| *s *= share);
    });
    (mean, variance)
}

/// `running += share (factor latest - running)`
pub fn move_towards(_: usize, share: Real, factor: Real, latest: In, running: Out) -> DevResult {
    for (r, n) in running.iter_mut().zip(latest) {
        *r += share * (factor * n - *r);
    }
    Ok(())
}

/// `y` `[blocks, values]`: values in the first block, tangents in the others.
pub fn batch_norm_forward(
    values: usize,
    blocks: usize,
    channels: usize,
    epsilon: Real,
    epilogue: Epilogue,
    x: In,
    mean: In,
    variance: In,
    gamma: In,
    beta: In,
    y: Out,
) -> DevResult {
    let (pixels, inverse) = (values / channels, inverse_deviations(variance, epsilon));
    let step = parallel::rows_a_task(pixels, PASS * blocks * channels);
    parallel::run(parallel::split(y, pixels, channels, step), |mut part| {
        for (block, y) in part.blocks.iter_mut().enumerate() {
            let x = &x[block * values + part.samples.start * channels..][..y.len()];
            let pixels = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
            vectorised(|| {
                if block == 0 {
                    for (y, x) in pixels {
                        let normal = x.iter().zip(mean).zip(&inverse).map(|((x, m), r)| (x - m) * r);
                        for (((y, v), g), b) in y.iter_mut().zip(normal).zip(gamma).zip(beta) {
                            *y = v * g + b;
                        }
                    }
                } else {
                    for (y, x) in pixels {
                        for (((y, x), r), g) in y.iter_mut().zip(x).zip(&inverse).zip(gamma) {
                            *y = x * r * g;
                        }
                    }
                }
            });
        }
        epilogue.apply(&mut part.blocks);
    });
    Ok(())
}

fn inverse_deviations(variance: In, epsilon: Real) -> Vec<Real> {
    variance.iter().map(|v| 1.0 / (v + epsilon).sqrt()).collect()
}

/// The gradients of gamma and beta; pixels from `primal` on are tangents, which do not reach beta.
pub fn sums([pixels, primal, channels]: [usize; 3], g: In, x: In, mean: In, variance: In) -> DevResult<[Array; 2]> {
    let inverse = &inverse_deviations(variance, EPSILON)[..];
    let parts = in_parts(pixels, |part| {
        let (mut by_gamma, mut by_beta) = (vec![0.0; channels], vec![0.0; channels]);
        let pixels_of = |which: Range<usize>| {
            let range = which.start * channels..which.end.max(which.start) * channels;
            let g = g[range.clone()].chunks_exact(channels);
            g.zip(x[range].chunks_exact(channels))
        };
        vectorised(|| {
            for (g, x) in pixels_of(part.start.min(primal)..part.end.min(primal)) {
                let normal = x.iter().zip(mean).zip(inverse).map(|((x, m), r)| (x - m) * r);
                for (((c, b), g), n) in by_gamma.iter_mut().zip(&mut by_beta).zip(g).zip(normal) {
                    *c += g * n;
                    *b += g;
                }
            }
            for (g, x) in pixels_of(part.start.max(primal)..part.end) {
                for (((c, g), x), r) in by_gamma.iter_mut().zip(g).zip(x).zip(inverse) {
                    *c += g * (x * r);
                }
            }
        });
        (by_gamma, by_beta)
    });
    let (by_gamma, by_beta) = parts.into_iter().unzip();
    Ok([add_up(by_gamma), add_up(by_beta)])
}

/// `gx += gamma / deviation g`
pub fn batch_norm_backward(
    pixels: usize,
    channels: usize,
    epsilon: Real,
    variance: In,
    gamma: In,
    g: In,
    gx: Out,
) -> DevResult {
    let scale = scales(variance, gamma, epsilon);
    each_part(pixels, channels, gx, |range, gx| {
        let pixels = gx.chunks_exact_mut(channels).zip(g[range].chunks_exact(channels));
        vectorised(|| {
            for (gx, g) in pixels {
                gx.iter_mut().zip(g).zip(&scale).for_each(|((gx, g), s)| *gx += s * g);
            }
        });
    })
}

/// The same, where the gradient goes through the statistics.
pub fn batch_norm_backward_through(
    pixels: usize,
    channels: usize,
    epsilon: Real,
    x: In,
    mean: In,
    variance: In,
    gamma: In,
    by_gamma: In,
    by_beta: In,
    g: In,
    gx: Out,
) -> DevResult {
    let (scale, inverse) = (scales(variance, gamma, epsilon), inverse_deviations(variance, epsilon));
    let share = channels as Real / (pixels * channels) as Real;
    each_part(pixels, channels, gx, |range, gx| {
        let pixels = gx.chunks_exact_mut(channels).zip(g[range.clone()].chunks_exact(channels));
        vectorised(|| {
            for ((gx, g), x) in pixels.zip(x[range].chunks_exact(channels)) {
                let normal = x.iter().zip(mean).zip(&inverse).map(|((x, m), r)| (x - m) * r);
                let sums = by_beta.iter().zip(by_gamma);
                for ((((gx, g), s), n), (b, c)) in gx.iter_mut().zip(g).zip(&scale).zip(normal).zip(sums) {
                    *gx += s * (g - (b + n * c) * share);
                }
            }
        });
    })
}

/// `gamma / deviation`
fn scales(variance: In, gamma: In, epsilon: Real) -> Vec<Real> {
    let inverse = inverse_deviations(variance, epsilon);
    gamma.iter().zip(inverse).map(|(g, r)| g * r).collect()
}

/// Calls `f` with the range and the values of each task's pixels.
fn each_part(
    pixels: usize,
    channels: usize,
    values: Out,
    f: impl Fn(Range<usize>, &mut [Real]) + Sync + Send,
) -> DevResult {
    let step = parallel::rows_a_task(pixels, PASS * channels);
    parallel::run(parallel::split(values, pixels, channels, step), |mut part| {
        f(part.samples.start * channels..part.samples.end * channels, part.blocks[0]);
    });
    Ok(())
}
