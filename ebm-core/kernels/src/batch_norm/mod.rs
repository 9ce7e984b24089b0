//! Batch normalisation: `y = phi( gamma (x - mean) / sqrt(variance + eps) + beta )` a channel, over rows and pixels.
//!
//! With running statistics the layer is affine in each sample, so the pushforward is `gamma / sqrt(variance + eps) t`.
//! With batch statistics a sample's output depends on the others: there is no per-sample Jacobian, hence no pushforward.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::epilogue::vjp as vjp_of_epilogue;
use crate::parameter::Parameter;
use crate::prelude::*;

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
    let (x, tape) = x.split_tape();
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
    let xg = x.ghost();
    let (statistics, gamma, beta) = (layer.statistics.clone(), layer.gamma.clone(), layer.beta.clone());
    let kept = (epilogue != Epilogue::Identity).then(|| y.clone());
    let pixels = rows * width / channels;
    record(tape, y, move |gradients, mut g| {
        if let Some(y) = &kept {
            vjp_of_epilogue(&mut g, y, primal, epilogue)?;
        }
        let (mean, variance) = (stored(&statistics.mean)?, stored(&statistics.variance)?);
        let (x, mean, variance) = (stored(&x)?, mean.read(), variance.read());
        // The first pixels are values, the others tangents.
        let sizes = [pixels, primal * width / channels, channels];
        let [by_gamma, by_beta] = backend::sums(sizes, view(&g), x.read(), mean, variance)?;
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
    })
}

/// A layer with the arrays gamma and beta.
fn layer<'a>(
    statistics: &'a Statistics,
    of_this_batch: bool,
    arrays: &'a [PerSample],
    epilogue: Epilogue,
) -> BatchNorm<'a> {
    BatchNorm { statistics, of_this_batch, gamma: &arrays[0], beta: &arrays[1], epilogue, trains: true }
}

crate::selftest_cases!(|| {
    let cases = |(of, pixels, channels): (&'static str, usize, usize)| {
        let operation = |what: &str, tangents| {
            let operation = Operation::new(format!("batch_norm: {of}, {what}"), 37, pixels * channels);
            operation.tangents(tangents).array(channels, 0).array(channels, 0)
        };
        let above_one = scaled(&format!("{of}/variance"), channels, -1).into_iter().map(|v| 1.0 + v).collect();
        let mean = vector(scaled(&format!("{of}/mean"), channels, -2));
        let running = Statistics { mean, variance: vector(above_one) };
        [
            operation("running statistics", 2).kinked(true).case(move |x, primal, arrays| {
                batch_norm(x, primal, layer(&running, false, arrays, Epilogue::Leaky(0.25)))
            }),
            operation("batch statistics", 0).case(move |x, primal, arrays| {
                let own = statistics(&x, channels);
                batch_norm(x, primal, layer(&own, true, arrays, Epilogue::Tanh))
            }),
            Case::kernel(format!("statistics: {of}"), move || {
                let x = matrix(&format!("statistics/{of}"), 37, pixels * channels);
                let found = statistics(&SharedTape::off().watch(&x), channels);
                let ((value, means), (_, variances)) =
                    (Quantity::Value.of(&found.mean), Quantity::Value.of(&found.variance));
                vec![(value, [means, variances].concat())]
            }),
        ]
    };
    // Of vectors, and of images with more pixels than are added up at once.
    [("vectors", 1, 24), ("images", 49, 20)].into_iter().flat_map(cases).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers::values;

    #[test]
    fn batch_statistics_normalise_every_channel() {
        // 20 rows are one part of the sums, 90 images of 7 pixels three.
        for (rows, pixels) in [(20, 1), (90, 7)] {
            let x = check::array(rows * pixels * 2, 3.0, 7);
            let x = buffers::tensor(x.as_vec(), (rows, pixels * 2)).put_tape(SharedTape::off());
            let own = statistics(&x, 2);
            let arrays = [vec![1.0; 2], vec![0.0; 2]].map(vector);
            let y = batch_norm(x, rows, layer(&own, true, &arrays, Epilogue::Identity));
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
