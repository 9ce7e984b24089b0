//! Kernels that repeat or add up the pixels of images.

use super::{In, Out, kernels};
use crate::device::Real;

kernels! { "images";
    /// `fine += scale coarse`, each coarse pixel of `[height, width]` in a block of `factor x factor` fine ones.
    fn spread_pixels(images: usize, height: usize, width: usize, channels: usize, factor: usize, scale: Real,
        coarse: In[images * height * width * channels], fine: Out[images * height * width * factor * factor * channels])
        over Elements(images * height * width * factor * factor * channels);
    /// `coarse += scale fine`, the sum of each block in its coarse pixel.
    fn gather_pixels(images: usize, height: usize, width: usize, channels: usize, factor: usize, scale: Real,
        fine: In[images * height * width * factor * factor * channels], coarse: Out[images * height * width * channels])
        over Elements(images * height * width * channels);
    /// `sums_ic += sum_p x_ipc`
    fn sum_pixels(images: usize, pixels: usize, channels: usize, x: In[images * pixels * channels], sums: Out[images * channels])
        over Elements(images * channels);
    /// `x_ipc += sums_ic`
    fn repeat_pixels(images: usize, pixels: usize, channels: usize, sums: In[images * channels], x: Out[images * pixels * channels])
        over Elements(images * pixels * channels);
    /// `y_ipc = x_ipc`, plus `shifts_ic` (with `count = 1`: `shifts_c`) in the first `reached` images.
    fn shift_pixels(images: usize, reached: usize, pixels: usize, channels: usize, count: usize, shifts: In[count * channels],
        x: In[images * pixels * channels], y: Out[images * pixels * channels]) over Elements(images * pixels * channels);
}
