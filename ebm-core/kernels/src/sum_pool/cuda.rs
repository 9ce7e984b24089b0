use crate::prelude::*;

kernels! { "sum_pool";
    fn sum_pixels(images: usize, pixels: usize, channels: usize, x: In[images * pixels * channels], sums: Out[images * channels])
        over Elements(images * channels);
    fn repeat_pixels(images: usize, pixels: usize, channels: usize, sums: In[images * channels], x: Out[images * pixels * channels])
        over Elements(images * pixels * channels);
}
