//! The iteration on the device, a block a sample.

use crate::prelude::*;

kernels! { "smallest";
    fn start_iteration(batch: usize, d: usize, start: In[batch * d], x: Out<f64>[batch * d], directions: Out[batch * d])
        over Rows(batch, d);
    fn first_images(batch: usize, d: usize, images: In[batch * d], ax: Out<f64>[batch * d], scale: Out<f64>[batch])
        over Rows(batch, d);
    fn next_directions(batch: usize, d: usize, limit: f64, x: In<f64>[batch * d], ax: In<f64>[batch * d],
        scale: In<f64>[batch], w: Out<f64>[batch * d], directions: Out[batch * d], done: Out<u32>[batch])
        over Rows(batch, d);
    fn take_step(batch: usize, d: usize, noise: f64, images: In[batch * d], done: In<u32>[batch],
        x: Out<f64>[batch * d], ax: Out<f64>[batch * d], w: Out<f64>[batch * d], aw: Out<f64>[batch * d],
        p: Out<f64>[batch * d], ap: Out<f64>[batch * d], scale: Out<f64>[batch]) over Rows(batch, d);
    /// The vectors, their singular values and relative residuals.
    fn end_iteration(batch: usize, d: usize, x: In<f64>[batch * d], ax: In<f64>[batch * d], scale: In<f64>[batch],
        vectors: Out[batch * d], values: Out<f64>[batch], residuals: Out<f64>[batch]) over Rows(batch, d);
}
