//! Batch normalisation: `y = gamma (x - mean) / sqrt(variance + eps) + beta` a column.
//!
//! With running statistics the layer is affine in each sample, so the pushforward is `gamma / sqrt(variance + eps) t`.
//! With batch statistics a sample's output depends on the others: there is no per-sample Jacobian, hence no pushforward.
//!
//! ```
//! use ebm_core::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::batch_norm::{EPSILON, Statistics, batch_norm, statistics};
//! use ebm_core::tape::SharedTape;
//!
//! let x: Matrix = device().tensor_from_vec(vec![1.0, 3.0], (2, 1));
//! let (gamma, beta): (PerSample, PerSample) =
//!     (device().tensor_from_vec(vec![2.0], (1,)), device().tensor_from_vec(vec![10.0], (1,)));
//! let x = SharedTape::off().watch(&x);
//!
//! let found: Statistics = statistics(&x);
//! assert_eq!((found.mean[0], found.variance[0]), (2.0, 1.0));
//! // One standard deviation below and above, times 2, plus 10.
//! let y = batch_norm(x, 2, &found, true, &gamma, &beta, false);
//! let deviation = 2.0 / (1.0 + EPSILON).sqrt();
//! assert!((values(&y)[0] - (10.0 - deviation)).abs() < 1e-5);
//! assert!((values(&y)[1] - (10.0 + deviation)).abs() < 1e-5);
//! ```

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, PerSample, Real};
use crate::kernels::math::vectorised;
use crate::tape::SharedTape;

/// Added to variances.
pub const EPSILON: Real = 1e-5;

/// Column means and (biased) variances.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Means, `[columns]`.
    pub mean: Vec<Real>,
    /// Variances, `[columns]`, without the correction for the mean.
    pub variance: Vec<Real>,
}

/// The statistics of a batch `[rows, columns]`.
pub fn statistics(x: &Matrix<SharedTape>) -> Statistics {
    let (rows, columns) = *x.shape();
    let (x, _) = x.clone().split_tape();
    let x = read(&x);
    let (mut mean, mut variance) = (vec![0.0; columns], vec![0.0; columns]);
    let share = 1.0 / rows as Real;
    vectorised(|| {
        for row in x.chunks_exact(columns) {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v);
        }
        mean.iter_mut().for_each(|m| *m *= share);
        for row in x.chunks_exact(columns) {
            for ((s, v), m) in variance.iter_mut().zip(row).zip(&mean) {
                *s += (v - m) * (v - m);
            }
        }
        variance.iter_mut().for_each(|s| *s *= share);
    });
    Statistics { mean, variance }
}

/// Normalises `[rows, columns]` by given statistics.
///
/// `of_this_batch`: the statistics are those of these rows, and the gradient goes through them; there must be no tangents.
pub fn batch_norm(
    x: Matrix<SharedTape>,
    primal: usize,
    statistics: &Statistics,
    of_this_batch: bool,
    gamma: &PerSample,
    beta: &PerSample,
    trains: bool,
) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, columns) = *x.shape();
    assert!(
        !of_this_batch || rows == primal,
        "batch statistics have no per-sample Jacobian"
    );
    let inverse: Vec<Real> = statistics.variance.iter().map(|v| 1.0 / (v + EPSILON).sqrt()).collect();
    // Normalised values, and tangents scaled alike: what gamma multiplies.
    let mut normal = read(&x).into_owned();
    let mut y = vec![0.0; rows * columns];
    vectorised(|| {
        let (gamma, beta) = (read(gamma), read(beta));
        let rows = normal.chunks_exact_mut(columns).zip(y.chunks_exact_mut(columns));
        for (i, (normal, y)) in rows.enumerate() {
            if i < primal {
                for ((v, m), r) in normal.iter_mut().zip(&statistics.mean).zip(&inverse) {
                    *v = (*v - m) * r;
                }
                for (((y, v), g), b) in y.iter_mut().zip(normal).zip(gamma.iter()).zip(beta.iter()) {
                    *y = *v * g + b;
                }
            } else {
                normal.iter_mut().zip(&inverse).for_each(|(v, r)| *v *= r);
                for ((y, v), g) in y.iter_mut().zip(normal).zip(gamma.iter()) {
                    *y = *v * g;
                }
            }
        }
    });
    let y = buffers::tensor(y, (rows, columns));
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let (gamma, beta) = (gamma.clone(), beta.clone());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let mut by_gamma = vec![0.0; columns];
            let mut by_beta = vec![0.0; columns];
            vectorised(|| {
                for (i, (g, n)) in g.chunks_exact(columns).zip(normal.chunks_exact(columns)).enumerate() {
                    for ((sum, g), n) in by_gamma.iter_mut().zip(g).zip(n) {
                        *sum += g * n;
                    }
                    if i < primal {
                        by_beta.iter_mut().zip(g).for_each(|(sum, g)| *sum += g);
                    }
                }
            });
            let scale: Vec<Real> = read(&gamma).iter().zip(&inverse).map(|(g, r)| g * r).collect();
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                let share = 1.0 / rows as Real;
                vectorised(|| {
                    let rows = gx.chunks_exact_mut(columns).zip(g.chunks_exact(columns));
                    for ((gx, g), n) in rows.zip(normal.chunks_exact(columns)) {
                        if !of_this_batch {
                            for ((gx, g), s) in gx.iter_mut().zip(g).zip(&scale) {
                                *gx += s * g;
                            }
                            continue;
                        }
                        let sums = by_beta.iter().zip(&by_gamma);
                        for ((((gx, g), s), n), (b, c)) in gx.iter_mut().zip(g).zip(&scale).zip(n).zip(sums) {
                            *gx += s * (g - (b + n * c) * share);
                        }
                    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::check::{self, Case};

    #[test]
    fn running_statistics_gradients_and_pushforward_agree_with_finite_differences() {
        let running = Statistics {
            mean: vec![0.3, -0.2, 1.0],
            variance: vec![0.5, 2.0, 1.1],
        };
        let case = Case {
            name: "batch-norm, running statistics".into(),
            input: (4, 3),
            arrays: vec![(3, 1.0), (3, 0.5)],
        };
        check::operation(&case, |x, primal, arrays| {
            batch_norm(x, primal, &running, false, &arrays[0], &arrays[1], true)
        });
    }

    #[test]
    fn batch_statistics_gradient_agrees_with_finite_differences() {
        let x = check::array(15, 1.0, 1);
        let weights = check::array(15, 1.0, 2);
        let (gamma, beta) = (check::array(3, 1.0, 3), check::array(3, 1.0, 4));
        let loss = |values: &[Real], tape: &SharedTape| {
            let x = buffers::tensor(values.to_vec(), (5usize, 3usize));
            let watched = tape.watch(&x);
            let own = statistics(&watched);
            let y = batch_norm(watched, 5, &own, true, &gamma, &beta, true);
            let c = buffers::tensor(weights.as_vec(), (5usize, 3usize));
            (x, crate::kernels::sum(crate::kernels::row_dot(y, tape.watch(&c))))
        };
        let at = x.as_vec();
        let (x, y) = loss(&at, &SharedTape::inputs_only());
        let ours = crate::tape::backward(y).of(&x).as_vec();
        for i in 0..15 {
            let shifted = |by: Real| {
                let mut moved = at.clone();
                moved[i] += by;
                f64::from(loss(&moved, &SharedTape::off()).1.array())
            };
            let truth = (shifted(check::STEP) - shifted(-check::STEP)) / (2.0 * f64::from(check::STEP));
            check::close(&format!("input {i}"), f64::from(ours[i]), truth, truth.abs());
        }
    }

    #[test]
    fn batch_statistics_normalise_every_column() {
        let x = check::array(40, 3.0, 7);
        let x = buffers::tensor(x.as_vec(), (20usize, 2usize)).put_tape(SharedTape::off());
        let own = statistics(&x);
        let ones: PerSample = buffers::tensor(vec![1.0; 2], (2,));
        let zeros: PerSample = buffers::tensor(vec![0.0; 2], (2,));
        let y = batch_norm(x, 20, &own, true, &ones, &zeros, false);
        let after = statistics(&y);
        for j in 0..2 {
            assert!(after.mean[j].abs() < 1e-5 && (after.variance[j] - 1.0).abs() < 1e-4);
        }
    }
}
