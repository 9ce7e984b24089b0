//! Blocks of pixels on the device.

use crate::device::Real;
use crate::gpu::{In, Out, kernels};

// The kernels of `cpu.rs` say what those of the same names do.
kernels! { "resample";
    fn spread_pixels(images: usize, height: usize, width: usize, channels: usize, factor: usize, scale: Real,
        coarse: In[images * height * width * channels], fine: Out[images * height * width * factor * factor * channels])
        over Elements(images * height * width * factor * factor * channels);
    fn gather_pixels(images: usize, height: usize, width: usize, channels: usize, factor: usize, scale: Real,
        fine: In[images * height * width * factor * factor * channels], coarse: Out[images * height * width * channels])
        over Elements(images * height * width * channels);
}
