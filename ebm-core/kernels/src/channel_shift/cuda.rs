use crate::channel_sums;
use crate::prelude::*;
use crate::sum_pool::backend::sum_pixels;

kernels! { "channel_shift";
    fn shift_pixels(images: usize, reached: usize, pixels: usize, channels: usize, count: usize, shifts: In[count * channels],
        x: In[images * pixels * channels], y: Out[images * pixels * channels]) over Elements(images * pixels * channels);
}

pub fn add_sums(reached: usize, pixels: usize, channels: usize, count: usize, g: In, gs: Out) -> DevResult {
    let g = g.part(0..reached * pixels * channels);
    match count {
        1 => channel_sums::add_sums(g, channels, gs),
        rows => sum_pixels(rows, pixels, channels, g, gs),
    }
}
