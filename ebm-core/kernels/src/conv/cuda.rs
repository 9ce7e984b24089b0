//! Convolutions on the device: patches of many images at a time, and matrix products.

use dfdx::prelude::*;
use std::ops::Range;

use super::Arrays;
use super::layer::{Direction, Plan, Window};
use crate::buffers::native::{filled, optional, stored};
use crate::channel_sums;
use crate::device::{DevResult, Matrix, PerSample};
use crate::epilogue::{Epilogue, backend::shift_and_end};
use crate::gemm::{self, Factor};
use crate::gpu::{Argument, Buffer, In, Out, by_value, kernels, scratch, zeros};

/// A window as kernels take it: kernel, stride, padding; height, width, channels of the fine image; rows, columns of the coarse.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct RawWindow([usize; 8]);

by_value!(RawWindow);

impl Argument for Window {
    type Raw = RawWindow;
    fn raw(&self) -> RawWindow {
        let (fine, (rows, columns)) = (self.fine, self.coarse);
        RawWindow([self.kernel, self.stride, self.padding, fine.height, fine.width, fine.channels, rows, columns])
    }
}

// The kernels of `cpu.rs` say what those of the same names do.
kernels! { "conv";
    /// `patches = P(fine)`
    fn gather_patches(images: usize, window: Window, fine: In[images * window.fine.len()],
        patches: Out[images * window.places() * window.patch()]) over Elements(images * window.places() * window.patch());
    /// `fine += P^T(patches)`
    fn scatter_patches(images: usize, window: Window, patches: In[images * window.places() * window.patch()],
        fine: Out[images * window.fine.len()]) over Elements(images * window.fine.len());
    /// Weights `[fine, taps, channels]` as `[channels, taps, fine]`, the taps in reverse.
    fn mirror_weights(fine: usize, taps: usize, channels: usize, weight: In[fine * taps * channels],
        oriented: Out[fine * taps * channels]) over Elements(fine * taps * channels);
    /// Adds what is given for the oriented weights.
    fn add_mirrored_weights(fine: usize, taps: usize, channels: usize, oriented: In[fine * taps * channels],
        weight: Out[fine * taps * channels]) over Elements(fine * taps * channels);
}

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
        Self { window: plan.window, channels: plan.channels }
    }

    fn coarse_len(&self) -> usize {
        self.window.places() * self.channels
    }

    /// `coarse (+)= P(fine) W^T`, `weight` `[channels, patch]`.
    fn down(&self, fine: In, weight: In, mut coarse: Out, adds: bool) -> DevResult {
        let weight = Factor::new(weight, self.channels, self.window.patch()).transpose();
        self.in_groups(coarse.len() / self.coarse_len(), |images| {
            let mut to = coarse.part(scaled(&images, self.coarse_len()));
            self.with_patches(fine, images, |patches| match adds {
                true => gemm::add(patches, weight, to.again()),
                false => gemm::write(patches, weight, to.again()),
            })
        })
    }

    fn up(&self, coarse: In, weight: In, mut fine: Out) -> DevResult {
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
                scatter_patches(count, self.window, patches.as_in(), to.again())
            })
        })
    }

    fn weight(&self, coarse: In, fine: In, mut weight: Out) -> DevResult {
        self.in_groups(coarse.len() / self.coarse_len(), |images| {
            let from = coarse.part(scaled(&images, self.coarse_len()));
            let from = Factor::new(from, images.len() * self.window.places(), self.channels);
            self.with_patches(fine, images, |patches| gemm::add(from.transpose(), patches, weight.again()))
        })
    }

    /// Calls `f` with ranges that cover `images` images, each of as many as are handled together.
    fn in_groups(&self, images: usize, mut f: impl FnMut(Range<usize>) -> DevResult) -> DevResult {
        let together = (PATCHES / (self.window.places() * self.window.patch())).max(1);
        (0..images).step_by(together).try_for_each(|first| f(first..(first + together).min(images)))
    }

    /// Calls `f` with the patches of some images.
    fn with_patches(&self, fine: In, images: Range<usize>, f: impl FnOnce(Factor) -> DevResult) -> DevResult {
        let (places, patch) = (images.len() * self.window.places(), self.window.patch());
        let own = fine.part(scaled(&images, self.window.fine.len()));
        if self.window.copies_nothing() {
            return f(Factor::new(own, places, patch));
        }
        scratch(places * patch, |mut patches| {
            gather_patches(images.len(), self.window, own, patches.again())?;
            f(Factor::new(patches.as_in(), places, patch))
        })
    }
}

/// The range of the values of some images.
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
        let (values, blocks, epilogue) = (primal * outputs, rows / primal, arrays.epilogue);
        if arrays.bias.is_none() && epilogue == Epilogue::Identity {
            return Ok(());
        }
        let bias = optional(arrays.bias.as_ref())?;
        shift_and_end(values, bias.read().len(), blocks, epilogue, bias.read(), y)
    })
}

/// The gradient of the images.
pub(super) fn add_vjp(gx: Out, g: &Buffer, _: usize, plan: Plan, arrays: &Arrays) -> DevResult {
    let (slides, weight) = (Slides::of(plan), oriented(plan, &arrays.weight));
    let weight = stored(&weight)?;
    match plan.direction {
        Direction::Down => slides.up(In::of(g), weight.read(), gx),
        Direction::Up => slides.down(In::of(g), weight.read(), gx, true),
    }
}

/// The gradient of the weights.
pub(super) fn add_weight_gradient(gw: Out, g: &Buffer, x: &Matrix, _: usize, plan: Plan) -> DevResult {
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
pub(super) fn add_bias_gradient(gb: Out, g: &Buffer, values: usize) -> DevResult {
    channel_sums::add_sums(In::of(g).part(0..values), gb.len(), gb)
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
