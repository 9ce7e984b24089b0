//! Volumes on the device, a block a sample.

use super::Sizes;
use crate::prelude::*;

kernels! { "volume";
    /// `J^T J`
    fn gram(batch: usize, d: usize, width: usize, columns: In[d * batch * width], grams: Out<f64>[batch * d * d])
        over Rows(batch * d * d, width);
    /// `1/2 ln det` of Gram matrices, which are used up, and their inverses.
    fn half_log_det(batch: usize, d: usize, grams: Out<f64>[batch * d * d], inverses: Out<f64>[batch * d * d],
        values: Out[batch]) over Rows(batch, d * d);
    /// `1/2 ln` of the smallest eigenvalue of Gram matrices, and `v v^T / eigenvalue` in their place.
    fn log_smallest(batch: usize, d: usize, grams: Out<f64>[batch * d * d], vectors: Out<f64>[batch * d * d],
        turns: Out<f64>[batch * (d + 1)], values: Out[batch]) over Rows(batch, d * d);
    /// `ln |det J|` and `J^-T` of square Jacobians.
    fn log_abs_det(batch: usize, d: usize, columns: In[d * batch * d], work: Out<f64>[batch * d * d],
        inverses: Out<f64>[batch * d * d], values: Out[batch], slopes: Out[d * batch * d]) over Rows(batch, d * d);
    fn add_combined_columns(batch: usize, d: usize, width: usize, coefficients: In<f64>[batch * d * d], g: In[batch],
        columns: In[d * batch * width], gradients: Out[d * batch * width]) over Elements(d * batch * width);
    fn add_scaled_columns(batch: usize, d: usize, width: usize, g: In[batch], slopes: In[d * batch * width],
        gradients: Out[d * batch * width]) over Elements(d * batch * width);
    /// `(J^T J)^-1 y`
    fn solve(batch: usize, d: usize, inverses: In<f64>[batch * d * d], y: In[batch * d], weights: Out<f64>[batch * d])
        over Elements(batch * d);
    /// `J w`
    fn lift(batch: usize, d: usize, width: usize, weights: In<f64>[batch * d], columns: In[d * batch * width],
        y: Out[batch * width]) over Elements(batch * width);
}

pub fn log_abs_dets(sizes: Sizes, columns: In, values: Out, slopes: Out) -> DevResult {
    let Sizes { batch, d, .. } = sizes;
    let (mut work, mut inverses) = (zeros(batch * d * d)?, zeros(batch * d * d)?);
    log_abs_det(batch, d, columns, view_mut(&mut work), view_mut(&mut inverses), values, slopes)
}

pub fn half_log_dets(sizes: Sizes, columns: In, values: Out) -> DevResult<Array<f64>> {
    let (mut grams, mut inverses) = (grams(sizes, columns)?, zeros(sizes.batch * sizes.d * sizes.d)?);
    half_log_det(sizes.batch, sizes.d, view_mut(&mut grams), view_mut(&mut inverses), values)?;
    Ok(inverses)
}

pub fn log_smallests(sizes: Sizes, columns: In, values: Out) -> DevResult<Array<f64>> {
    let Sizes { batch, d, .. } = sizes;
    let (mut grams, mut vectors, mut turns) = (grams(sizes, columns)?, zeros(batch * d * d)?, zeros(batch * (d + 1))?);
    let (to_vectors, to_turns) = (view_mut(&mut vectors), view_mut(&mut turns));
    log_smallest(batch, d, view_mut(&mut grams), to_vectors, to_turns, values)?;
    Ok(grams)
}

/// `J^T J` of every sample, `[B, d, d]`.
fn grams(Sizes { batch, d, width }: Sizes, columns: In) -> DevResult<Array<f64>> {
    let mut grams = zeros(batch * d * d)?;
    gram(batch, d, width, columns, view_mut(&mut grams))?;
    Ok(grams)
}

pub fn lift_through(sizes: Sizes, b: In, columns: In, y: Out) -> DevResult {
    let Sizes { batch, d, width } = sizes;
    let (mut unused, mut weights) = (zeros(batch)?, zeros(batch * d)?);
    let inverses = half_log_dets(sizes, columns, view_mut(&mut unused))?;
    solve(batch, d, view(&inverses), b, view_mut(&mut weights))?;
    lift(batch, d, width, view(&weights), columns, y)
}
