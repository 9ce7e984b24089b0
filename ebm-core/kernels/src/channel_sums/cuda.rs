use crate::prelude::*;

/// Threads that sums are shared out to at least, where there are pixels enough: some for every core of a GPU.
const THREADS: usize = 1 << 16;
/// Pixels a thread adds up at least.
const SHORTEST: usize = 64;

kernels! { "channel_sums";
    /// `sums_pc`: the sum of channel c over the pixels p, p + parts, ... of `x` `[pixels, channels]`.
    fn channel_sums_in_parts(pixels: usize, parts: usize, channels: usize, x: In[pixels * channels],
        sums: Out<f64>[parts * channels]) over Elements(parts * channels);
    /// `y_c += sum_p sums_pc`
    fn add_channel_sums(parts: usize, channels: usize, sums: In<f64>[parts * channels], y: Out[channels]) over Rows(channels, parts);
}

/// Parts in which `pixels` pixels are added up: a function of the sizes alone, as it decides the order of the sum.
pub(crate) fn parts_of(pixels: usize, channels: usize) -> usize {
    pixels.div_ceil(SHORTEST).min(THREADS / channels).max(1)
}

pub(crate) fn add_sums(x: In, channels: usize, y: Out) -> DevResult {
    let pixels = x.len() / channels;
    let parts = parts_of(pixels, channels);
    let mut sums = zeros::<f64>(parts * channels)?;
    channel_sums_in_parts(pixels, parts, channels, x, view_mut(&mut sums))?;
    add_channel_sums(parts, channels, view(&sums), y)
}
