//! The smallest singular pair of each Jacobian of a batch, from products with J^T J alone: the state of the iteration (LOBPCG,
//! Knyazev, SIAM J. Sci. Comput. 23, 2001).

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::prelude::*;

/// Relative size below which what is left of a vector is rounding error of the products.
const NOISE: f64 = if DOUBLE_PRECISION { 1e-8 } else { 1e-3 };

/// The state of the iteration: vectors are `[B, d]`, in double precision.
pub struct Iteration<C: Dim> {
    batch: usize,
    width: C,
    /// Unit vectors x, the directions w to go on in, and the last steps p, zeros before the first: each with its images under J^T J,
    /// in the order x, J^T J x, w, and so on.
    vectors: [Array<f64>; 6],
    /// ||J^T J|| as seen so far, `[B]`.
    scale: Array<f64>,
    /// Which samples have converged, `[B]`.
    done: Array<u32>,
}

impl<C: Dim> Iteration<C> {
    /// The state before the first image is known, and the vectors whose images are wanted.
    pub fn start(start: &Rows<C>) -> (Self, Rows<C>) {
        let (batch, width) = *start.shape();
        let mut vectors = [(); 6].map(|()| run(|| zeros(batch * width.size())));
        let directions = filled((batch, width), |directions| {
            backend::start_iteration(batch, width.size(), stored(start)?.read(), view_mut(&mut vectors[0]), directions)
        });
        let (scale, done) = (run(|| zeros(batch)), run(|| zeros(batch)));
        (Self { batch, width, vectors, scale, done }, directions)
    }

    /// The images of the start.
    pub fn take_images(&mut self, images: &Rows<C>) {
        let (ax, scale) = (view_mut(&mut self.vectors[1]), view_mut(&mut self.scale));
        run(|| backend::first_images(self.batch, self.width.size(), stored(images)?.read(), ax, scale));
    }

    /// Unit vectors along the residuals, whose images are wanted; nothing, if all are small.
    ///
    /// The check waits for the GPU. That pays off whenever it saves a product with J^T J, which is a forward and a backward pass
    /// through the generator.
    pub fn next_directions(&mut self, limit: f64) -> Option<Rows<C>> {
        let [x, ax, w, ..] = &mut self.vectors;
        let directions = filled((self.batch, self.width), |directions| {
            let (x, ax, scale, w, done) = (view(x), view(ax), view(&self.scale), view_mut(w), view_mut(&mut self.done));
            backend::next_directions(self.batch, self.width.size(), limit, x, ax, scale, w, directions, done)
        });
        let done = run(|| download(&self.done));
        (!done.iter().all(|done| *done != 0)).then_some(directions)
    }

    /// The step to the best vector of the span of x, the residual w, whose image this is, and the step before.
    pub fn step(&mut self, images: &Rows<C>) {
        let [x, ax, w, aw, p, ap] = self.vectors.each_mut().map(view_mut);
        let (d, done, scale) = (self.width.size(), view(&self.done), view_mut(&mut self.scale));
        run(|| backend::take_step(self.batch, d, NOISE, stored(images)?.read(), done, x, ax, w, aw, p, ap, scale));
    }

    /// Vectors, singular values and relative residuals.
    pub fn end(self) -> (Rows<C>, Vec<f64>, Vec<f64>) {
        let (mut values, mut residuals) = run(|| Ok((zeros(self.batch)?, zeros(self.batch)?)));
        let vectors = filled((self.batch, self.width), |vectors| {
            let (x, ax, scale) = (view(&self.vectors[0]), view(&self.vectors[1]), view(&self.scale));
            let (values, residuals) = (view_mut(&mut values), view_mut(&mut residuals));
            backend::end_iteration(self.batch, self.width.size(), x, ax, scale, vectors, values, residuals)
        });
        (vectors, run(|| download(&values)), run(|| download(&residuals)))
    }
}
