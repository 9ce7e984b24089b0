//! Convolutions on the device: patches of many images at a time, and matrix products.

use std::ops::Range;

use super::Conv;
use super::layer::{Plan, Window};
use crate::epilogue::backend::shift_and_end;
use crate::gpu::{Argument, by_value};
use crate::prelude::*;

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

impl Plan {
    pub fn down(&self, primal: usize, fine: In, weight: In, mut coarse: Out, end: Option<&Conv>) -> DevResult {
        let weight = Factor::new(weight, self.channels, self.window.patch()).transpose();
        self.in_groups(coarse.len() / self.coarse_len(), |images| {
            let mut to = coarse.part(scaled(&images, self.coarse_len()));
            self.with_patches(fine, images, |patches| match end {
                None => gemm::add(patches, weight, to.again()),
                Some(_) => gemm::write(patches, weight, to.again()),
            })
        })?;
        self.end(primal, end, coarse)
    }

    pub fn up(&self, primal: usize, coarse: In, weight: In, mut fine: Out, end: Option<&Conv>) -> DevResult {
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
        })?;
        self.end(primal, end, fine)
    }

    /// What follows the products, where the layer ends with them.
    fn end(&self, primal: usize, end: Option<&Conv>, y: Out) -> DevResult {
        let Some(layer) = end.filter(|layer| layer.bias.is_some() || layer.epilogue != Epilogue::Identity) else {
            return Ok(());
        };
        let (bias, values) = (optional(layer.bias.as_ref())?, primal * self.outputs().len());
        shift_and_end(values, bias.read().len(), y.len() / values, layer.epilogue, bias.read(), y)
    }

    pub fn weight(&self, coarse: In, fine: In, mut weight: Out) -> DevResult {
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
