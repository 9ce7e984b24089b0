//! Batch normalisation on the device, of which nothing is read on the host.

use super::EPSILON;
use crate::channel_sums::backend::{add_channel_sums, parts_of};
use crate::prelude::*;

kernels! { "batch_norm";
    /// Means, and sums of squared deviations from them, over the pixels p, p + parts, ... of `x` `[pixels, channels]`.
    fn batch_statistics_in_parts(pixels: usize, parts: usize, channels: usize, x: In[pixels * channels],
        means: Out<f64>[parts * channels], squares: Out<f64>[parts * channels]) over Elements(parts * channels);
    /// Means from those of the parts.
    fn batch_means(pixels: usize, parts: usize, channels: usize, means: In<f64>[parts * channels], mean: Out[channels])
        over Rows(channels, parts);
    /// Variances from the means and the squares of the parts.
    fn batch_variances(pixels: usize, parts: usize, channels: usize, means: In<f64>[parts * channels],
        squares: In<f64>[parts * channels], variance: Out[channels]) over Rows(channels, parts);
    fn batch_norm_forward(values: usize, blocks: usize, channels: usize, epsilon: Real, epilogue: Epilogue,
        x: In[blocks * values], mean: In[channels], variance: In[channels], gamma: In[channels], beta: In[channels],
        y: Out[blocks * values]) over Elements(values);
    /// The gradients of gamma and beta in parts; pixels from `primal` on are tangents.
    fn batch_norm_sums_in_parts(pixels: usize, primal: usize, parts: usize, channels: usize, epsilon: Real,
        g: In[pixels * channels], x: In[pixels * channels], mean: In[channels], variance: In[channels],
        by_gamma: Out<f64>[parts * channels], by_beta: Out<f64>[parts * channels]) over Elements(parts * channels);
    fn batch_norm_backward(pixels: usize, channels: usize, epsilon: Real, variance: In[channels], gamma: In[channels],
        g: In[pixels * channels], gx: Out[pixels * channels]) over Elements(pixels * channels);
    fn batch_norm_backward_through(pixels: usize, channels: usize, epsilon: Real, x: In[pixels * channels], mean: In[channels],
        variance: In[channels], gamma: In[channels], by_gamma: In[channels], by_beta: In[channels],
        g: In[pixels * channels], gx: Out[pixels * channels]) over Elements(pixels * channels);
    fn move_towards(channels: usize, share: Real, factor: Real, latest: In[channels], running: Out[channels])
        over Elements(channels);
}

pub fn statistics(pixels: usize, channels: usize, x: In, mean: Out, variance: Out) -> DevResult {
    let parts = parts_of(pixels, channels);
    let (mut means, mut squares) = (zeros::<f64>(parts * channels)?, zeros::<f64>(parts * channels)?);
    batch_statistics_in_parts(pixels, parts, channels, x, view_mut(&mut means), view_mut(&mut squares))?;
    batch_means(pixels, parts, channels, view(&means), mean)?;
    batch_variances(pixels, parts, channels, view(&means), view(&squares), variance)
}

pub fn sums([pixels, primal, channels]: [usize; 3], g: In, x: In, mean: In, variance: In) -> DevResult<[Array; 2]> {
    let parts = parts_of(pixels, channels);
    let (mut by_gamma, mut by_beta) = (zeros::<f64>(parts * channels)?, zeros::<f64>(parts * channels)?);
    let (to_gamma, to_beta) = (view_mut(&mut by_gamma), view_mut(&mut by_beta));
    batch_norm_sums_in_parts(pixels, primal, parts, channels, EPSILON, g, x, mean, variance, to_gamma, to_beta)?;
    let total = |sums| -> DevResult<Array> {
        let mut total = zeros(channels)?;
        add_channel_sums(parts, channels, view(sums), view_mut(&mut total))?;
        Ok(total)
    };
    Ok([total(&by_gamma)?, total(&by_beta)?])
}
