//! Batch normalisation: `y = phi( gamma (x - mean) / sqrt(variance + eps) + beta )` a channel, over rows and pixels.
//!
//! With running statistics the layer is affine in each sample, so the pushforward is `gamma / sqrt(variance + eps) t`.
//! With batch statistics a sample's output depends on the others: there is no per-sample Jacobian, hence no pushforward.

mod case;

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use dfdx::prelude::*;

use crate::buffers::native::{GradientBuffer, accumulate, change, filled, filled_two, stored, view};
use crate::device::{Matrix, PerSample, Real};
use crate::epilogue::{Epilogue, vjp as vjp_of_epilogue};
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
/// If the rows are not pixels of so many channels.
pub fn statistics(x: &Matrix<SharedTape>, channels: usize) -> Statistics {
    let (x, _) = x.clone().split_tape();
    assert_eq!(x.shape().1 % channels, 0, "pixels of {channels} channels");
    let pixels = x.shape().num_elements() / channels;
    let (mean, variance) = filled_two((channels,), (channels,), |mean, variance| match pixels {
        0 => Ok(()),
        _ => backend::statistics(pixels, channels, stored(&x)?.read(), mean, variance),
    });
    Statistics { mean, variance }
}

/// Moves a running statistic by a share of the way to `factor` times the latest one.
///
/// # Panics
/// If they are not as long as each other.
pub fn move_running(running: &mut Parameter, latest: &PerSample, share: Real, factor: Real) {
    assert_eq!(running.len(), latest.shape().0, "statistics of other channels");
    change(running.tensor_mut(), |running| {
        backend::move_towards(running.len(), share, factor, stored(latest)?.read(), running)
    });
}

/// The layer's arrays and options.
#[derive(Clone, Copy)]
pub struct BatchNorm<'a> {
    /// The means that are subtracted, and the variances that are divided by.
    pub statistics: &'a Statistics,
    /// The statistics are those of these rows, and the gradient goes through them; there must be no tangents.
    pub of_this_batch: bool,
    /// `[channels]`.
    pub gamma: &'a PerSample,
    /// `[channels]`.
    pub beta: &'a PerSample,
    /// The activation that follows.
    pub epilogue: Epilogue,
    /// Whether the arrays want gradients.
    pub trains: bool,
}

/// Normalises `[(1+K) * primal, pixels * channels]`: values in the first `primal` rows, tangents below.
///
/// # Panics
/// If there are tangents, and the statistics are those of the batch.
pub fn batch_norm(x: Matrix<SharedTape>, primal: usize, layer: BatchNorm<'_>) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let ((rows, width), channels) = (*x.shape(), layer.gamma.shape().0);
    let BatchNorm { of_this_batch, epilogue, trains, .. } = layer;
    assert!(!of_this_batch || rows == primal, "batch statistics have no per-sample Jacobian");
    let y = filled((rows, width), |y| {
        let (mean, variance) = (stored(&layer.statistics.mean)?, stored(&layer.statistics.variance)?);
        let (x, gamma, beta) = (stored(&x)?, stored(layer.gamma)?, stored(layer.beta)?);
        let (x, mean, variance, gamma, beta) = (x.read(), mean.read(), variance.read(), gamma.read(), beta.read());
        let (values, blocks) = (primal * width, rows / primal);
        backend::batch_norm_forward(values, blocks, channels, EPSILON, epilogue, x, mean, variance, gamma, beta, y)
    });
    if tape.is_recording() {
        let (yg, xg) = (y.ghost(), x.ghost());
        let (statistics, gamma, beta) = (layer.statistics.clone(), layer.gamma.clone(), layer.beta.clone());
        let kept = (epilogue != Epilogue::Identity).then(|| y.clone());
        let pixels = rows * width / channels;
        tape.add_backward_op(move |gradients| {
            let mut g = gradients.get_or_alloc_mut(&yg)?.take()?;
            if let Some(y) = &kept {
                vjp_of_epilogue(&mut g, y, primal, epilogue)?;
            }
            let (mean, variance) = (stored(&statistics.mean)?, stored(&statistics.variance)?);
            let (x, mean, variance) = (stored(&x)?, mean.read(), variance.read());
            // The first pixels are values, the others tangents.
            let values = primal * width / channels;
            let [by_gamma, by_beta] =
                backend::sums(pixels, values, channels, EPSILON, view(&g), x.read(), mean, variance)?;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                let (gamma, g) = (stored(&gamma)?, view(&g));
                if !of_this_batch {
                    return backend::batch_norm_backward(pixels, channels, EPSILON, variance, gamma.read(), g, gx);
                }
                let (x, gamma, by_gamma, by_beta) = (x.read(), gamma.read(), view(&by_gamma), view(&by_beta));
                backend::batch_norm_backward_through(
                    pixels, channels, EPSILON, x, mean, variance, gamma, by_gamma, by_beta, g, gx,
                )
            })?;
            if trains {
                gradients.get_or_alloc_mut(&gamma)?.update(|to| accumulate(to, &by_gamma))?;
                gradients.get_or_alloc_mut(&beta)?.update(|to| accumulate(to, &by_beta))?;
            }
            Ok(())
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers::{self, values};
    use crate::check;

    #[test]
    fn batch_statistics_normalise_every_channel() {
        // 20 rows are one part of the sums, 90 images of 7 pixels three.
        for (rows, pixels) in [(20, 1), (90, 7)] {
            let x = check::array(rows * pixels * 2, 3.0, 7);
            let x = buffers::tensor(x.as_vec(), (rows, pixels * 2)).put_tape(SharedTape::off());
            let own = statistics(&x, 2);
            let [gamma, beta] = &[vec![1.0; 2], vec![0.0; 2]].map(|v| buffers::tensor(v, (2,)));
            let layer = BatchNorm {
                statistics: &own,
                of_this_batch: true,
                gamma,
                beta,
                epilogue: Epilogue::Identity,
                trains: true,
            };
            let y = batch_norm(x, rows, layer);
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
            let found = values(&own.mean).into_iter().zip(values(&own.variance));
            for (c, (found_mean, found_variance)) in found.enumerate() {
                let channel = x.iter().skip(c).step_by(3).map(|v| f64::from(*v));
                let of = |f: &dyn Fn(f64) -> f64| channel.clone().map(f).sum::<f64>() / 700.0;
                let mean = of(&|v| v);
                let variance = of(&|v| (v - mean) * (v - mean));
                assert!((f64::from(found_mean) - mean).abs() < 1e-5 * (1.0 + mean.abs()));
                assert!((f64::from(found_variance) / variance - 1.0).abs() < 1e-5);
            }
        }
    }
}
