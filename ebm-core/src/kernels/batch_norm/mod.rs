//! Batch normalisation: `y = phi( gamma (x - mean) / sqrt(variance + eps) + beta )` a channel, over rows and pixels.
//!
//! With running statistics the layer is affine in each sample, so the pushforward is `gamma / sqrt(variance + eps) t`.
//! With batch statistics a sample's output depends on the others: there is no per-sample Jacobian, hence no pushforward.
//!
//! ```
//! use ebm_core::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::Ending;
//! use ebm_core::kernels::batch_norm::{BatchNorm, EPSILON, Statistics, batch_norm, statistics};
//! use ebm_core::tape::SharedTape;
//!
//! let x: Matrix = device().tensor_from_vec(vec![1.0, 3.0], (2, 1));
//! let (gamma, beta): (PerSample, PerSample) =
//!     (device().tensor_from_vec(vec![2.0], (1,)), device().tensor_from_vec(vec![10.0], (1,)));
//! let x = SharedTape::off().watch(&x);
//!
//! let found: Statistics = statistics(&x, 1);
//! assert_eq!((found.mean[0], found.variance[0]), (2.0, 1.0));
//! let layer = BatchNorm {
//!     statistics: &found,
//!     of_this_batch: true,
//!     gamma: &gamma,
//!     beta: &beta,
//!     ending: Ending::Identity,
//!     trains: false,
//! };
//! // One standard deviation below and above, times 2, plus 10.
//! let y = batch_norm(x, 2, layer);
//! let deviation = 2.0 / (1.0 + EPSILON).sqrt();
//! assert!((values(&y)[0] - (10.0 - deviation)).abs() < 1e-5);
//! assert!((values(&y)[1] - (10.0 + deviation)).abs() < 1e-5);
//! ```

use dfdx::prelude::*;
use std::ops::Range;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, PerSample, Real};
use crate::kernels::Ending;
use crate::kernels::channels::{PIXELS, add_up, in_parts};
use crate::kernels::math::vectorised;
use crate::kernels::parallel;
use crate::tape::SharedTape;

/// Added to variances.
pub const EPSILON: Real = 1e-5;

/// Multiply-adds that an element of a pass over memory takes the time of.
const PASS: usize = 8;

/// Means and (biased) variances of the channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Means, `[columns]`.
    pub mean: Vec<Real>,
    /// Variances, `[columns]`, without the correction for the mean.
    pub variance: Vec<Real>,
}

/// The statistics of a batch `[rows, pixels * channels]`.
pub fn statistics(x: &Matrix<SharedTape>, channels: usize) -> Statistics {
    let (rows, width) = *x.shape();
    assert_eq!(width % channels, 0, "pixels of {channels} channels");
    let (x, _) = x.clone().split_tape();
    let x = read(&x);
    let pixels = rows * width / channels;
    let parts = in_parts(pixels, |part| {
        of_pixels(&x[part.start * channels..part.end * channels], channels)
    });
    let mut parts = parts.into_iter().zip((0..).map(|k| (pixels - k * PIXELS).min(PIXELS)));
    let Some((mut total, mut count)) = parts.next() else {
        return Statistics {
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

fn of_pixels(x: &[Real], channels: usize) -> Statistics {
    let (mut mean, mut variance) = (vec![0.0; channels], vec![0.0; channels]);
    let share = channels as Real / x.len() as Real;
    vectorised(|| {
        for pixel in x.chunks_exact(channels) {
            mean.iter_mut().zip(pixel).for_each(|(m, v)| *m += v);
        }
        mean.iter_mut().for_each(|m| *m *= share);
        for pixel in x.chunks_exact(channels) {
            for ((s, v), m) in variance.iter_mut().zip(pixel).zip(&mean) {
                *s += (v - m) * (v - m);
            }
        }
        variance.iter_mut().for_each(|s| *s *= share);
    });
    Statistics { mean, variance }
}

/// The layer's arrays and options.
#[derive(Clone, Copy)]
pub struct BatchNorm<'a> {
    /// What is subtracted and divided by.
    pub statistics: &'a Statistics,
    /// The statistics are those of these rows, and the gradient goes through them; there must be no tangents.
    pub of_this_batch: bool,
    /// `[channels]`.
    pub gamma: &'a PerSample,
    /// `[channels]`.
    pub beta: &'a PerSample,
    /// What follows.
    pub ending: Ending,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

/// Normalises `[(1+K) * primal, pixels * channels]`: values in the first `primal` rows, tangents below.
pub fn batch_norm(x: Matrix<SharedTape>, primal: usize, layer: BatchNorm<'_>) -> Matrix<SharedTape> {
    let BatchNorm {
        statistics,
        of_this_batch,
        ending,
        trains,
        ..
    } = layer;
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    assert!(
        !of_this_batch || rows == primal,
        "batch statistics have no per-sample Jacobian"
    );
    let inverse: Vec<Real> = statistics.variance.iter().map(|v| 1.0 / (v + EPSILON).sqrt()).collect();
    let channels = inverse.len();
    let mut y = vec![0.0; rows * width];
    {
        let (x, gamma, beta) = (read(&x), read(layer.gamma), read(layer.beta));
        let step = parallel::rows_a_task(primal, PASS * rows / primal * width);
        parallel::run(parallel::split(&mut y, primal, width, step), |mut part| {
            for (block, y) in part.blocks.iter_mut().enumerate() {
                let x = &x[(block * primal + part.samples.start) * width..][..y.len()];
                let pixels = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
                vectorised(|| {
                    if block == 0 {
                        for (y, x) in pixels {
                            let normal = x
                                .iter()
                                .zip(&statistics.mean)
                                .zip(&inverse)
                                .map(|((x, m), r)| (x - m) * r);
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
            ending.apply(&mut part.blocks);
        });
    }
    let y = buffers::tensor(y, (rows, width));
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let (gamma, beta) = (layer.gamma.clone(), layer.beta.clone());
        let mean = statistics.mean.clone();
        let kept = (ending != Ending::Identity).then(|| y.clone());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(y) = &kept {
                ending.pull_back_rows(&mut g, &read(y), primal, width);
            }
            let x = read(&x);
            let values = primal * width / channels;
            let (by_gamma, by_beta) = sums(&g, &x, &mean, &inverse, values);
            let scale: Vec<Real> = read(&gamma).iter().zip(&inverse).map(|(g, r)| g * r).collect();
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                let share = channels as Real / (rows * width) as Real;
                let step = parallel::rows_a_task(rows, PASS * width);
                parallel::run(parallel::split(gx, rows, width, step), |mut part| {
                    let gx = &mut *part.blocks[0];
                    let range = part.samples.start * width..part.samples.end * width;
                    let pixels = gx
                        .chunks_exact_mut(channels)
                        .zip(g[range.clone()].chunks_exact(channels));
                    vectorised(|| {
                        if !of_this_batch {
                            for (gx, g) in pixels {
                                gx.iter_mut().zip(g).zip(&scale).for_each(|((gx, g), s)| *gx += s * g);
                            }
                            return;
                        }
                        for ((gx, g), x) in pixels.zip(x[range].chunks_exact(channels)) {
                            let normal = x.iter().zip(&mean).zip(&inverse).map(|((x, m), r)| (x - m) * r);
                            let sums = by_beta.iter().zip(&by_gamma);
                            for ((((gx, g), s), n), (b, c)) in gx.iter_mut().zip(g).zip(&scale).zip(normal).zip(sums) {
                                *gx += s * (g - (b + n * c) * share);
                            }
                        }
                    });
                });
            })?;
            if trains {
                let add = |to: &mut [Real], from: &[Real]| to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
                gradients.get_or_alloc_mut(&gamma)?.update(|to| add(to, &by_gamma))?;
                gradients.get_or_alloc_mut(&beta)?.update(|to| add(to, &by_beta))?;
            }
            Ok(())
        });
    }
    y.put_tape(tape)
}

/// The gradients of gamma and beta; the first `values` pixels are values, the others tangents, which beta does not reach.
fn sums(g: &[Real], x: &[Real], mean: &[Real], inverse: &[Real], values: usize) -> (Vec<Real>, Vec<Real>) {
    let channels = mean.len();
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
    (add_up(by_gamma), add_up(by_beta))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};

    /// What may follow, where differences can tell.
    fn endings() -> impl Iterator<Item = Ending> {
        let all = [Ending::Identity, Ending::Tanh, Ending::Leaky(0.1)];
        all.into_iter().take(if check::RESOLVES_KINKS { 3 } else { 2 })
    }

    fn layer<'a>(
        statistics: &'a Statistics,
        of_this_batch: bool,
        arrays: &'a [PerSample],
        ending: Ending,
    ) -> BatchNorm<'a> {
        BatchNorm {
            statistics,
            of_this_batch,
            gamma: &arrays[0],
            beta: &arrays[1],
            ending,
            trains: true,
        }
    }

    #[test]
    fn running_statistics_gradients_and_pushforward_agree_with_finite_differences() {
        let running = Statistics {
            mean: vec![0.3, -0.2, 1.0],
            variance: vec![0.5, 2.0, 1.1],
        };
        for (pixels, ending) in [1, 4].into_iter().flat_map(|p| endings().map(move |e| (p, e))) {
            let case = Case {
                name: format!("batch-norm, running statistics, {pixels} pixels, {ending:?}"),
                input: (4, 3 * pixels),
                arrays: vec![(3, 1.0), (3, 0.5)],
            };
            check::operation(&case, |x, primal, arrays| {
                batch_norm(x, primal, layer(&running, false, arrays, ending))
            });
        }
    }

    #[test]
    fn batch_statistics_gradient_agrees_with_finite_differences() {
        for ((rows, width), ending) in [(5, 3), (2, 12)]
            .into_iter()
            .flat_map(|s| endings().map(move |e| (s, e)))
        {
            let count = rows * width;
            let x = check::array(count, 1.0, 1);
            let weights = check::array(count, 1.0, 2);
            let arrays = [check::array(3, 1.0, 3), check::array(3, 1.0, 4)];
            let loss = |x: &[Real], gamma: &[Real], tape: &SharedTape| {
                let x = buffers::tensor(x.to_vec(), (rows, width));
                let arrays = [buffers::tensor(gamma.to_vec(), (3,)), arrays[1].clone()];
                let watched = tape.watch(&x);
                let own = statistics(&watched, 3);
                let y = batch_norm(watched, rows, layer(&own, true, &arrays, ending));
                let c = buffers::tensor(weights.as_vec(), (rows, width));
                let [gamma, beta] = arrays;
                (
                    [gamma, beta],
                    x,
                    crate::kernels::sum(crate::kernels::row_dot(y, tape.watch(&c))),
                )
            };
            let (at, gamma) = (x.as_vec(), arrays[0].as_vec());
            let ([of_gamma, _], x, y) = loss(&at, &gamma, &SharedTape::inputs_only());
            let mut gradients = crate::tape::backward(y);
            let ours = [gradients.of(&x).as_vec(), gradients.of(&of_gamma).as_vec()].concat();
            for (i, ours) in ours.into_iter().enumerate() {
                let shifted = |by: Real| {
                    let mut moved = [&at[..], &gamma].concat();
                    moved[i] += by;
                    let (x, gamma) = moved.split_at(count);
                    f64::from(loss(x, gamma, &SharedTape::off()).2.array())
                };
                let truth = (shifted(check::STEP) - shifted(-check::STEP)) / (2.0 * f64::from(check::STEP));
                check::close(&format!("{ending:?}, {i}"), f64::from(ours), truth, truth.abs());
            }
        }
    }

    #[test]
    fn batch_statistics_normalise_every_channel() {
        // 20 rows are one part of the sums, 90 images of 7 pixels three.
        for (rows, pixels) in [(20, 1), (90, 7)] {
            let x = check::array(rows * pixels * 2, 3.0, 7);
            let x = buffers::tensor(x.as_vec(), (rows, pixels * 2)).put_tape(SharedTape::off());
            let own = statistics(&x, 2);
            let arrays = [vec![1.0; 2], vec![0.0; 2]].map(|v| buffers::tensor(v, (2,)));
            let y = batch_norm(x, rows, layer(&own, true, &arrays, Ending::Identity));
            let after = statistics(&y, 2);
            for j in 0..2 {
                assert!(after.mean[j].abs() < 1e-5 && (after.variance[j] - 1.0).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn statistics_are_those_of_the_formulas() {
        let values = check::array(700 * 3, 2.0, 3).as_vec();
        let own = statistics(
            &buffers::tensor(values.clone(), (350, 6)).put_tape(SharedTape::off()),
            3,
        );
        for c in 0..3 {
            let of = |f: &dyn Fn(f64) -> f64| {
                values.iter().skip(c).step_by(3).map(|v| f(f64::from(*v))).sum::<f64>() / 700.0
            };
            let mean = of(&|v| v);
            let variance = of(&|v| (v - mean) * (v - mean));
            assert!((f64::from(own.mean[c]) - mean).abs() < 1e-5);
            assert!((f64::from(own.variance[c]) / variance - 1.0).abs() < 1e-5);
        }
    }
}
