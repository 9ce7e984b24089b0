//! Kernels of convolutions: patches, weights and what follows.

use super::{In, Out, kernels};

kernels! { "conv";
    /// `patches = P(fine)`
    fn gather_patches(images: usize, kernel: usize, stride: usize, padding: usize, height: usize, width: usize,
        channels: usize, rows: usize, columns: usize, fine: In[images * height * width * channels],
        patches: Out[images * rows * columns * kernel * kernel * channels])
        over Elements(images * rows * columns * kernel * kernel * channels);
    /// `fine += P^T(patches)`
    fn scatter_patches(images: usize, kernel: usize, stride: usize, padding: usize, height: usize, width: usize,
        channels: usize, rows: usize, columns: usize, patches: In[images * rows * columns * kernel * kernel * channels],
        fine: Out[images * height * width * channels]) over Elements(images * height * width * channels);
    /// Weights `[fine, taps, channels]` as `[channels, taps, fine]`, the taps in reverse.
    fn mirror_weights(fine: usize, taps: usize, channels: usize, weight: In[fine * taps * channels],
        oriented: Out[fine * taps * channels]) over Elements(fine * taps * channels);
    /// Adds what is given for the oriented weights.
    fn add_mirrored_weights(fine: usize, taps: usize, channels: usize, oriented: In[fine * taps * channels],
        weight: Out[fine * taps * channels]) over Elements(fine * taps * channels);
}
