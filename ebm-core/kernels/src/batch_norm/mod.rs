//! Batch normalisation: `y = phi( gamma (x - mean) / sqrt(variance + eps) + beta )` a channel, over rows and pixels.
//!
//! With running statistics the layer is affine in each sample, so the pushforward is `gamma / sqrt(variance + eps) t`.
//! With batch statistics a sample's output depends on the others: there is no per-sample Jacobian, hence no pushforward.
//!
//! ```
//! use ebm_kernels::device::{Matrix, PerSample, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::Ending;
//! use ebm_kernels::batch_norm::{BatchNorm, EPSILON, Statistics, batch_norm, statistics};
//! use ebm_kernels::tape::SharedTape;
//!
//! let x: Matrix = device().tensor_from_vec(vec![1.0, 3.0], (2, 1));
//! let (gamma, beta): (PerSample, PerSample) =
//!     (device().tensor_from_vec(vec![2.0], (1,)), device().tensor_from_vec(vec![10.0], (1,)));
//! let x = SharedTape::off().watch(&x);
//!
//! let found: Statistics = statistics(&x, 1);
//! assert_eq!((values(&found.mean), values(&found.variance)), (vec![2.0], vec![1.0]));
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

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::buffers::native::{GradientBuffer, plus};
use crate::device::{Matrix, PerSample, Real};
use crate::ending::{Ending, pull_back};
use crate::parameter::Parameter;
use crate::tape::SharedTape;

/// Added to variances.
pub const EPSILON: Real = 1e-5;

/// Means and (biased) variances of the channels.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Means, `[channels]`.
    pub mean: PerSample,
    /// Variances, `[channels]`, without the correction for the mean.
    pub variance: PerSample,
}

/// The statistics of a batch `[rows, pixels * channels]`.
///
/// # Panics
/// If the rows are no pixels of so many channels.
pub fn statistics(x: &Matrix<SharedTape>, channels: usize) -> Statistics {
    let (x, _) = x.clone().split_tape();
    assert_eq!(x.shape().1 % channels, 0, "pixels of {channels} channels");
    side::statistics(&x, channels)
}

/// Moves a running statistic by a share of the way to `factor` times the latest one.
///
/// # Panics
/// If they are not as long as each other.
pub fn move_running(running: &mut Parameter, latest: &PerSample, share: Real, factor: Real) {
    assert_eq!(running.len(), latest.shape().0, "statistics of other channels");
    side::move_running(running, latest, share, factor);
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
    let (x, mut tape) = x.split_tape();
    assert!(
        !layer.of_this_batch || x.shape().0 == primal,
        "batch statistics have no per-sample Jacobian"
    );
    let y = side::forward(&x, primal, layer);
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let BatchNorm {
            of_this_batch,
            ending,
            trains,
            ..
        } = layer;
        let (statistics, gamma, beta) = (layer.statistics.clone(), layer.gamma.clone(), layer.beta.clone());
        let kept = (ending != Ending::Identity).then(|| y.clone());
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(y) = &kept {
                pull_back(&mut g, y, primal, ending)?;
            }
            let sums = side::sums(&g, &x, primal, &statistics)?;
            let through = of_this_batch.then_some(&sums);
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_gradient(gx, &g, &x, &statistics, &gamma, through))?;
            if trains {
                gradients
                    .get_or_alloc_mut(&gamma)?
                    .update(|to| plus(to, &sums.by_gamma))?;
                gradients
                    .get_or_alloc_mut(&beta)?
                    .update(|to| plus(to, &sums.by_beta))?;
            }
            Ok(())
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};
    use crate::device::values;

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
            mean: buffers::tensor(vec![0.3, -0.2, 1.0], (3,)),
            variance: buffers::tensor(vec![0.5, 2.0, 1.1], (3,)),
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
                ([gamma, beta], x, crate::sum(crate::row_dot(y, tape.watch(&c))))
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
            assert!(values(&after.mean).iter().all(|m| m.abs() < 1e-5));
            assert!(values(&after.variance).iter().all(|v| (v - 1.0).abs() < 1e-4));
        }
    }

    #[test]
    fn statistics_are_those_of_the_formulas() {
        // The channels lie around 0, and far from it.
        for distance in [0.0, 100.0] {
            let x: Vec<Real> = check::array(700 * 3, 2.0, 3).as_vec();
            let x: Vec<Real> = x.into_iter().map(|v| v + distance).collect();
            let own = statistics(&buffers::tensor(x.clone(), (350, 6)).put_tape(SharedTape::off()), 3);
            for (c, (found_mean, found_variance)) in
                values(&own.mean).into_iter().zip(values(&own.variance)).enumerate()
            {
                let of =
                    |f: &dyn Fn(f64) -> f64| x.iter().skip(c).step_by(3).map(|v| f(f64::from(*v))).sum::<f64>() / 700.0;
                let mean = of(&|v| v);
                let variance = of(&|v| (v - mean) * (v - mean));
                assert!((f64::from(found_mean) - mean).abs() < 1e-5 * (1.0 + mean.abs()));
                assert!((f64::from(found_variance) / variance - 1.0).abs() < 1e-5);
            }
        }
    }
}
