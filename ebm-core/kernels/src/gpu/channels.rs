//! Sums over the rows and pixels of images, one for each channel.

use super::{In, Out, kernels, zeros};
use crate::device::DevError;

/// Threads that sums are shared out to at least, where there are pixels enough: some for every core of a GPU.
const THREADS: usize = 1 << 16;
/// Pixels a thread adds up at least.
const SHORTEST: usize = 64;

kernels! { "channels";
    /// `sums_pc`: the sum of channel c over the pixels p, p + parts, ... of `x` `[pixels, channels]`.
    fn channel_sums_in_parts(pixels: usize, parts: usize, channels: usize, x: In[pixels * channels],
        sums: Out<f64>[parts * channels]) over Elements(parts * channels);
    /// `y_c += sum_p sums_pc`
    fn add_channel_sums(parts: usize, channels: usize, sums: In<f64>[parts * channels], y: Out[channels]) over Rows(channels, parts);
}

/// Parts in which `pixels` pixels are added up: a function of the sizes alone, as it decides the order of the sum.
pub(crate) fn parts(pixels: usize, channels: usize) -> usize {
    pixels.div_ceil(SHORTEST).min(THREADS / channels).max(1)
}

/// `y_c += sum_p x_pc` of `x` `[pixels, channels]`.
///
/// # Errors
/// If the device refuses.
pub(crate) fn add_sums(x: In, channels: usize, y: Out) -> Result<(), DevError> {
    let pixels = x.len() / channels;
    let parts = parts(pixels, channels);
    let mut sums = zeros::<f64>(parts * channels)?;
    channel_sums_in_parts(pixels, parts, channels, x, Out::of(&mut sums))?;
    add_channel_sums(parts, channels, In::of(&sums), y)
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;
    use crate::device::Real;
    use crate::gpu::upload;

    #[test]
    fn every_pixel_counts_once() {
        // 600 pixels are ten parts, of which some are longer by one.
        let x: Vec<Real> = (0..600).flat_map(|i| [1.0, (i % 7) as Real, -2.0]).collect();
        let truth: Real = (0..600).map(|i| (i % 7) as Real).sum();
        let mut y = upload(vec![10.0; 3]).unwrap();
        add_sums(In::of(&upload(x).unwrap()), 3, Out::of(&mut y)).unwrap();
        assert_eq!(*y, [610.0, 10.0 + truth, -1190.0]);
    }
}
