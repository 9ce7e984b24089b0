//! The iteration on the device, a block a sample.

use dfdx::prelude::*;

use super::NOISE;
use crate::buffers::native::{download, filled, run, stored};
use crate::device::{Dev, Real};
use crate::gpu::{Buffer, In, Out, smallest, zeros};

type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// Where the iteration is.
pub struct Iteration<C: Dim> {
    batch: usize,
    width: C,
    /// Unit vectors, and their images.
    x: Buffer<f64>,
    ax: Buffer<f64>,
    /// Where to go from there, and the images.
    w: Buffer<f64>,
    aw: Buffer<f64>,
    /// The last steps, and their images; zeros before the first.
    p: Buffer<f64>,
    ap: Buffer<f64>,
    /// ||J^T J|| as seen so far, `[B]`.
    scale: Buffer<f64>,
    /// Who has converged, `[B]`.
    done: Buffer<u32>,
}

impl<C: Dim> Iteration<C> {
    /// The state before the first image is known, and the vectors whose images are wanted.
    pub fn start(start: &Rows<C>) -> (Self, Rows<C>) {
        let (batch, width) = *start.shape();
        let vectors = || zeros(batch * width.size());
        let mut state = run(|| {
            Ok(Self {
                batch,
                width,
                x: vectors()?,
                ax: vectors()?,
                w: vectors()?,
                aw: vectors()?,
                p: vectors()?,
                ap: vectors()?,
                scale: zeros(batch)?,
                done: zeros(batch)?,
            })
        });
        let directions = filled(*start.shape(), |directions| {
            let x = Out::of(&mut state.x);
            smallest::start_iteration(batch, width.size(), stored(start)?.read(), x, directions)
        });
        (state, directions)
    }

    /// The images of the start.
    pub fn take_images(&mut self, images: &Rows<C>) {
        run(|| {
            let (ax, scale) = (Out::of(&mut self.ax), Out::of(&mut self.scale));
            smallest::first_images(self.batch, self.width.size(), stored(images)?.read(), ax, scale)
        });
    }

    /// Unit vectors along the residuals, whose images are wanted; nothing, if all are small.
    ///
    /// To know that, it waits. A product with J^T J takes the generator there and back: to leave one out is worth that.
    pub fn next_directions(&mut self, limit: f64) -> Option<Rows<C>> {
        let directions = filled((self.batch, self.width), |directions| {
            smallest::next_directions(
                self.batch,
                self.width.size(),
                limit,
                In::of(&self.x),
                In::of(&self.ax),
                In::of(&self.scale),
                Out::of(&mut self.w),
                directions,
                Out::of(&mut self.done),
            )
        });
        let done = run(|| download(&self.done));
        (!done.iter().all(|done| *done != 0)).then_some(directions)
    }

    /// The step to the best vector of the span of x, the residual w, whose image this is, and the step before.
    pub fn step(&mut self, images: &Rows<C>) {
        run(|| {
            smallest::take_step(
                self.batch,
                self.width.size(),
                NOISE,
                stored(images)?.read(),
                In::of(&self.done),
                Out::of(&mut self.x),
                Out::of(&mut self.ax),
                Out::of(&mut self.w),
                Out::of(&mut self.aw),
                Out::of(&mut self.p),
                Out::of(&mut self.ap),
                Out::of(&mut self.scale),
            )
        });
    }

    /// Vectors, singular values and relative residuals.
    pub fn end(self) -> (Rows<C>, Vec<f64>, Vec<f64>) {
        let (mut values, mut residuals) = run(|| Ok((zeros(self.batch)?, zeros(self.batch)?)));
        let vectors = filled((self.batch, self.width), |vectors| {
            smallest::end_iteration(
                self.batch,
                self.width.size(),
                In::of(&self.x),
                In::of(&self.ax),
                In::of(&self.scale),
                vectors,
                Out::of(&mut values),
                Out::of(&mut residuals),
            )
        });
        (vectors, run(|| download(&values)), run(|| download(&residuals)))
    }
}
