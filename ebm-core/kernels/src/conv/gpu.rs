//! Convolutions on the device: patches of many images at a time, and matrix products.

use dfdx::prelude::*;
use std::ops::Range;

use super::Arrays;
use super::layer::{Direction, Plan};
use super::window::Window;
use crate::Ending;
use crate::buffers::native::{Added, Taken, filled, stored};
use crate::device::{DevError, Matrix, PerSample};
use crate::gpu::activation::{Form, shift_and_activate};
use crate::gpu::conv::{add_mirrored_weights, gather_patches, mirror_weights, scatter_patches};
use crate::gpu::ending::end_in_place;
use crate::gpu::gemm::{self, Factor};
use crate::gpu::scratch::scratch;
use crate::gpu::{In, Out, channels, zeros};

/// Patches handled together hold about this many values: enough for every core of a GPU, and a small part of its memory. Where
/// there is no GPU they are few, so that tests see images in several groups.
const PATCHES: usize = if cfg!(feature = "cuda") { 1 << 25 } else { 1 << 18 };

impl Window {
    /// Whether a patch is a pixel, or all of an image, just as it lies there.
    fn copies_nothing(&self) -> bool {
        let pixels = self.kernel == 1 && self.stride == 1;
        let images = self.places() == 1 && (self.fine.height, self.fine.width) == (self.kernel, self.kernel);
        self.padding == 0 && (pixels || images)
    }

    fn gather(&self, images: usize, fine: In, patches: Out) -> Result<(), DevError> {
        let (size, (rows, columns)) = (self.fine, self.coarse);
        gather_patches(
            images,
            self.kernel,
            self.stride,
            self.padding,
            size.height,
            size.width,
            size.channels,
            rows,
            columns,
            fine,
            patches,
        )
    }

    fn scatter(&self, images: usize, patches: In, fine: Out) -> Result<(), DevError> {
        let (size, (rows, columns)) = (self.fine, self.coarse);
        scatter_patches(
            images,
            self.kernel,
            self.stride,
            self.padding,
            size.height,
            size.width,
            size.channels,
            rows,
            columns,
            patches,
            fine,
        )
    }
}

/// A sliding kernel.
#[derive(Clone, Copy)]
struct Slides {
    window: Window,
    /// Channels of the coarse image.
    channels: usize,
}

impl Slides {
    fn of(plan: Plan) -> Self {
        Self {
            window: plan.window,
            channels: plan.channels,
        }
    }

    fn coarse_len(&self) -> usize {
        self.window.places() * self.channels
    }

    /// `coarse (+)= P(fine) W^T`, `weight` `[channels, patch]`.
    fn down(&self, fine: In, weight: In, mut coarse: Out, adds: bool) -> Result<(), DevError> {
        let weight = Factor::new(weight, self.channels, self.window.patch()).transpose();
        self.in_groups(coarse.len() / self.coarse_len(), |images| {
            let mut to = coarse.part(scaled(&images, self.coarse_len()));
            self.with_patches(fine, images, |patches| match adds {
                true => gemm::add(patches, weight, to.again()),
                false => gemm::write(patches, weight, to.again()),
            })
        })
    }

    /// `fine += P^T(coarse W)`
    fn up(&self, coarse: In, weight: In, mut fine: Out) -> Result<(), DevError> {
        let patch = self.window.patch();
        let weight = Factor::new(weight, self.channels, patch);
        self.in_groups(coarse.len() / self.coarse_len(), |images| {
            let (count, places) = (images.len(), images.len() * self.window.places());
            let from = coarse.part(scaled(&images, self.coarse_len()));
            let from = Factor::new(from, places, self.channels);
            let mut to = fine.part(scaled(&images, self.window.fine.len()));
            if self.window.copies_nothing() {
                return gemm::add(from, weight, to);
            }
            scratch(places * patch, |mut patches| {
                gemm::write(from, weight, patches.again())?;
                self.window.scatter(count, patches.as_in(), to.again())
            })
        })
    }

    /// `weight += coarse^T P(fine)`, summed over the rows.
    fn weight(&self, coarse: In, fine: In, mut weight: Out) -> Result<(), DevError> {
        self.in_groups(coarse.len() / self.coarse_len(), |images| {
            let from = coarse.part(scaled(&images, self.coarse_len()));
            let from = Factor::new(from, images.len() * self.window.places(), self.channels);
            self.with_patches(fine, images, |patches| {
                gemm::add(from.transpose(), patches, weight.again())
            })
        })
    }

    /// Calls `f` with ranges that cover `images` images, each of as many as are handled together.
    fn in_groups(
        &self,
        images: usize,
        mut f: impl FnMut(Range<usize>) -> Result<(), DevError>,
    ) -> Result<(), DevError> {
        let together = (PATCHES / (self.window.places() * self.window.patch())).max(1);
        (0..images)
            .step_by(together)
            .try_for_each(|first| f(first..(first + together).min(images)))
    }

    /// Calls `f` with the patches of some images.
    fn with_patches(
        &self,
        fine: In,
        images: Range<usize>,
        f: impl FnOnce(Factor) -> Result<(), DevError>,
    ) -> Result<(), DevError> {
        let (places, patch) = (images.len() * self.window.places(), self.window.patch());
        let own = fine.part(scaled(&images, self.window.fine.len()));
        if self.window.copies_nothing() {
            return f(Factor::new(own, places, patch));
        }
        scratch(places * patch, |mut patches| {
            self.window.gather(images.len(), own, patches.again())?;
            f(Factor::new(patches.as_in(), places, patch))
        })
    }
}

/// Where the values of some images are.
fn scaled(images: &Range<usize>, len: usize) -> Range<usize> {
    images.start * len..images.end * len
}

pub(super) fn forward(x: &Matrix, primal: usize, plan: Plan, arrays: &Arrays) -> Matrix {
    let (rows, slides, outputs) = (x.shape().0, Slides::of(plan), plan.outputs().len());
    filled((rows, outputs), |mut y| {
        let (x, weight) = (stored(x)?, oriented(plan, &arrays.weight));
        let weight = stored(&weight)?;
        match plan.direction {
            Direction::Down => slides.down(x.read(), weight.read(), y.again(), false)?,
            Direction::Up => slides.up(x.read(), weight.read(), y.again())?,
        }
        let (values, blocks, Form { number, leak }) = (primal * outputs, rows / primal, arrays.ending.into());
        match &arrays.bias {
            Some(bias) => {
                let bias = stored(bias)?;
                let channels = bias.read().len();
                shift_and_activate(values, channels, blocks, number, leak, In::none(), bias.read(), y)
            }
            None if arrays.ending == Ending::Identity => Ok(()),
            None => end_in_place(values, blocks, number, leak, y),
        }
    })
}

/// The gradient of the images.
pub(super) fn add_gradient(gx: Added, g: &Taken, _: usize, plan: Plan, arrays: &Arrays) -> Result<(), DevError> {
    let (slides, weight) = (Slides::of(plan), oriented(plan, &arrays.weight));
    let weight = stored(&weight)?;
    match plan.direction {
        Direction::Down => slides.up(In::of(g), weight.read(), gx),
        Direction::Up => slides.down(In::of(g), weight.read(), gx, true),
    }
}

/// The gradient of the weights.
pub(super) fn add_weight_gradient(gw: Added, g: &Taken, x: &Matrix, _: usize, plan: Plan) -> Result<(), DevError> {
    let (slides, x) = (Slides::of(plan), stored(x)?);
    let (coarse, fine) = match plan.direction {
        Direction::Down => (In::of(g), x.read()),
        Direction::Up => (x.read(), In::of(g)),
    };
    if !plan.mirrored {
        return slides.weight(coarse, fine, gw);
    }
    let mut sum = zeros(gw.len())?;
    slides.weight(coarse, fine, Out::of(&mut sum))?;
    let (outputs, taps) = (plan.window.fine.channels, plan.window.kernel * plan.window.kernel);
    add_mirrored_weights(outputs, taps, plan.channels, In::of(&sum), gw)
}

/// The gradient of the bias, given the cotangents of values.
pub(super) fn add_bias_gradient(gb: Added, g: &Taken, values: usize) -> Result<(), DevError> {
    channels::add_sums(In::of(g).part(0..values), gb.len(), gb)
}

/// The layer's weights as `[channels, kernel, kernel, fine channels]`.
fn oriented(plan: Plan, weight: &PerSample) -> PerSample {
    if !plan.mirrored {
        return weight.clone();
    }
    filled(*weight.shape(), |oriented| {
        let (outputs, taps) = (plan.window.fine.channels, plan.window.kernel * plan.window.kernel);
        mirror_weights(outputs, taps, plan.channels, stored(weight)?.read(), oriented)
    })
}
