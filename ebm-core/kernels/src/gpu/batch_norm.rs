//! Kernels of batch normalisation.

use super::{In, Out, kernels};
use crate::device::Real;

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
    /// `y` `[blocks, values]`: values in the first block, tangents in the others.
    fn batch_norm_forward(values: usize, blocks: usize, channels: usize, epsilon: Real, form: i32, leak: Real,
        x: In[blocks * values], mean: In[channels], variance: In[channels], gamma: In[channels], beta: In[channels],
        y: Out[blocks * values]) over Elements(values);
    /// The gradients of gamma and beta in parts; pixels from `primal` on are tangents.
    fn batch_norm_sums_in_parts(pixels: usize, primal: usize, parts: usize, channels: usize, epsilon: Real,
        g: In[pixels * channels], x: In[pixels * channels], mean: In[channels], variance: In[channels],
        by_gamma: Out<f64>[parts * channels], by_beta: Out<f64>[parts * channels]) over Elements(parts * channels);
    /// `gx += gamma / deviation g`
    fn batch_norm_backward(pixels: usize, channels: usize, epsilon: Real, variance: In[channels], gamma: In[channels],
        g: In[pixels * channels], gx: Out[pixels * channels]) over Elements(pixels * channels);
    /// The same, where the gradient goes through the statistics.
    fn batch_norm_backward_through(pixels: usize, channels: usize, epsilon: Real, x: In[pixels * channels], mean: In[channels],
        variance: In[channels], gamma: In[channels], by_gamma: In[channels], by_beta: In[channels],
        g: In[pixels * channels], gx: Out[pixels * channels]) over Elements(pixels * channels);
    /// `running += share (factor latest - running)`
    fn move_towards(channels: usize, share: Real, factor: Real, latest: In[channels], running: Out[channels])
        over Elements(channels);
}
