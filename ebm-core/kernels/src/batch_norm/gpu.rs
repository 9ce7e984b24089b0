//! Batch normalisation on the device, of which nothing is read on the host.

use dfdx::prelude::*;

use super::{BatchNorm, EPSILON, Statistics};
use crate::buffers::native::{Added, Taken, change, filled, stored};
use crate::device::{DevError, Matrix, PerSample, Real};
use crate::gpu::activation::Form;
use crate::gpu::batch_norm::{
    batch_means, batch_norm_backward, batch_norm_backward_through, batch_norm_forward, batch_norm_sums_in_parts,
    batch_statistics_in_parts, batch_variances, move_towards,
};
use crate::gpu::{In, Out, channels, zeros};
use crate::parameter::Parameter;

pub(super) fn statistics(x: &Matrix, channels: usize) -> Statistics {
    let pixels = x.shape().0 * x.shape().1 / channels;
    let parts = channels::parts(pixels, channels);
    let mut kept = None;
    let mean = filled((channels,), |mean| {
        if pixels == 0 {
            return Ok(());
        }
        let (mut means, mut squares) = (zeros::<f64>(parts * channels)?, zeros::<f64>(parts * channels)?);
        let (x, to_means, to_squares) = (stored(x)?, Out::of(&mut means), Out::of(&mut squares));
        batch_statistics_in_parts(pixels, parts, channels, x.read(), to_means, to_squares)?;
        batch_means(pixels, parts, channels, In::of(&means), mean)?;
        kept = Some((means, squares));
        Ok(())
    });
    let variance = filled((channels,), |variance| match &kept {
        Some((means, squares)) => batch_variances(pixels, parts, channels, In::of(means), In::of(squares), variance),
        None => Ok(()),
    });
    Statistics { mean, variance }
}

pub(super) fn move_running(running: &mut Parameter, latest: &PerSample, share: Real, factor: Real) {
    change(running.tensor_mut(), |running| {
        move_towards(running.len(), share, factor, stored(latest)?.read(), running)
    });
}

pub(super) fn forward(x: &Matrix, primal: usize, layer: BatchNorm<'_>) -> Matrix {
    let (rows, width) = *x.shape();
    let channels = layer.gamma.shape().0;
    let Form { number, leak } = layer.ending.into();
    filled((rows, width), |y| {
        let (mean, variance) = (stored(&layer.statistics.mean)?, stored(&layer.statistics.variance)?);
        let (x, gamma, beta) = (stored(x)?, stored(layer.gamma)?, stored(layer.beta)?);
        batch_norm_forward(
            primal * width,
            rows / primal,
            channels,
            EPSILON,
            number,
            leak,
            x.read(),
            mean.read(),
            variance.read(),
            gamma.read(),
            beta.read(),
            y,
        )
    })
}

/// The gradients of gamma and beta.
pub(super) struct Sums {
    pub by_gamma: Taken,
    pub by_beta: Taken,
}

/// The gradients of gamma and beta; tangents do not reach beta.
pub(super) fn sums(g: &Taken, x: &Matrix, primal: usize, statistics: &Statistics) -> Result<Sums, DevError> {
    let channels = statistics.mean.shape().0;
    let (pixels, of_values) = (x.shape().0 * x.shape().1 / channels, primal * x.shape().1 / channels);
    let parts = channels::parts(pixels, channels);
    let (mut by_gamma, mut by_beta) = (zeros::<f64>(parts * channels)?, zeros::<f64>(parts * channels)?);
    let (x, mean, variance) = (stored(x)?, stored(&statistics.mean)?, stored(&statistics.variance)?);
    batch_norm_sums_in_parts(
        pixels,
        of_values,
        parts,
        channels,
        EPSILON,
        In::of(g),
        x.read(),
        mean.read(),
        variance.read(),
        Out::of(&mut by_gamma),
        Out::of(&mut by_beta),
    )?;
    let total = |sums| -> Result<Taken, DevError> {
        let mut total = zeros(channels)?;
        channels::add_channel_sums(parts, channels, In::of(sums), Out::of(&mut total))?;
        Ok(total)
    };
    Ok(Sums {
        by_gamma: total(&by_gamma)?,
        by_beta: total(&by_beta)?,
    })
}

/// The gradient of x, through its statistics if their sums are given.
pub(super) fn add_gradient(
    gx: Added,
    g: &Taken,
    x: &Matrix,
    statistics: &Statistics,
    gamma: &PerSample,
    through: Option<&Sums>,
) -> Result<(), DevError> {
    let channels = gamma.shape().0;
    let pixels = gx.len() / channels;
    let (mean, variance) = (stored(&statistics.mean)?, stored(&statistics.variance)?);
    let (gamma, g) = (stored(gamma)?, In::of(g));
    let Some(sums) = through else {
        return batch_norm_backward(pixels, channels, EPSILON, variance.read(), gamma.read(), g, gx);
    };
    batch_norm_backward_through(
        pixels,
        channels,
        EPSILON,
        stored(x)?.read(),
        mean.read(),
        variance.read(),
        gamma.read(),
        In::of(&sums.by_gamma),
        In::of(&sums.by_beta),
        g,
        gx,
    )
}
