//! Convolutions on slices: patches of some images at a time, few enough to stay in cache, and matrix products.
//!
//! Patches are not kept for the backward pass: copying them anew is cheaper than memory.

use std::ops::Range;

use super::Conv;
use super::layer::Plan;
use crate::buffers::read;
use crate::math::{add_rows, add_to_rows, is_zero};
use crate::parallel;
use crate::prelude::*;

/// Patches handled together hold about this many values: a core's own cache, with room for the weights.
const PATCHES: usize = 256 * 1024;
/// But not fewer places than this, or preparing the weights costs more than the products.
const PLACES: usize = 256;

impl Plan {
    /// Multiply-adds of an image.
    fn work(&self) -> usize {
        self.window.places() * self.window.patch() * self.channels
    }

    /// Samples a task takes of `primal`, of so many rows each: few, so that a core that is held up elsewhere leaves its work to the
    /// other.
    fn samples_a_task(&self, primal: usize, rows: usize) -> usize {
        let share = parallel::rows_a_task(primal, rows * self.work());
        if share == primal {
            return share;
        }
        let fill = self.strip().div_ceil(self.window.places());
        (share / 4).max(fill).min(share)
    }

    /// Places a strip.
    fn strip(&self) -> usize {
        (PATCHES / self.window.patch()).max(PLACES)
    }

    /// Calls `f(n, from, to)` for the values and each tangent of a group of n samples, then applies bias and epilogue to it.
    fn each_block(
        &self,
        primal: usize,
        (from, from_len): (In, usize),
        (to, to_len): (Out, usize),
        end: Option<&Conv>,
        f: impl Fn(usize, In, Out) + Sync + Send,
    ) -> DevResult {
        let (bias, epilogue) = (end.and_then(|layer| layer.bias.as_ref()).map(read), end.map(|layer| layer.epilogue));
        let step = self.samples_a_task(primal, to.len() / to_len / primal);
        parallel::run(parallel::split(to, primal, to_len, step), |mut part| {
            let n = part.samples.len();
            for (block, to) in part.blocks.iter_mut().enumerate() {
                let first = block * primal + part.samples.start;
                f(n, &from[first * from_len..(first + n) * from_len], to);
            }
            if let Some(bias) = &bias {
                vectorised(|| add_to_rows(part.blocks[0], bias));
            }
            if let Some(epilogue) = epilogue {
                epilogue.apply(&mut part.blocks);
            }
        });
        Ok(())
    }

    /// `coarse (+)= P(fine) W^T`, `weight` `[channels, patch]`; where the layer ends with that, it writes.
    pub fn down(&self, primal: usize, fine: In, weight: In, coarse: Out, end: Option<&Conv>) -> DevResult {
        let add = end.is_none();
        let (channels, patch) = (self.channels, self.window.patch());
        let weight = Factor::new(weight, channels, patch).transpose();
        self.each_block(primal, (fine, self.window.fine.len()), (coarse, self.coarse_len()), end, |n, images, to| {
            if add && is_zero(images) {
                return;
            }
            for strip in self.window.strips(n, self.strip()) {
                let places = strip.pixels.len();
                let to = &mut to[strip.pixels.start * channels..strip.pixels.end * channels];
                run(|| {
                    scratch(places * patch, |patches| {
                        self.window.gather(&strip, images, patches);
                        let patches = Factor::new(patches, places, patch);
                        if add { gemm::add(patches, weight, to) } else { gemm::write(patches, weight, to) }
                    })
                });
            }
        })
    }

    /// `fine += P^T(coarse W)`
    pub fn up(&self, primal: usize, coarse: In, weight: In, fine: Out, end: Option<&Conv>) -> DevResult {
        let (channels, patch) = (self.channels, self.window.patch());
        let weight = Factor::new(weight, channels, patch);
        self.each_block(primal, (coarse, self.coarse_len()), (fine, self.window.fine.len()), end, |n, from, to| {
            if is_zero(from) {
                return;
            }
            for strip in self.window.strips(n, self.strip()) {
                let places = strip.pixels.len();
                let from = &from[strip.pixels.start * channels..strip.pixels.end * channels];
                run(|| {
                    scratch(places * patch, |patches| {
                        gemm::write(Factor::new(from, places, channels), weight, patches)?;
                        self.window.scatter(&strip, patches, to);
                        Ok(())
                    })
                });
            }
        })
    }

    /// `weight += coarse^T P(fine)`, summed over the rows.
    pub fn weight(&self, coarse: In, fine: In, weight: Out) -> DevResult {
        let rows = coarse.len() / self.coarse_len();
        let step = parallel::rows_a_task(rows, self.work());
        // Each task sums over rows of its own.
        let ranges: Vec<_> = (0..rows).step_by(step).map(|r| r..(r + step).min(rows)).collect();
        let mut sums = vec![0.0; (ranges.len() - 1) * weight.len()];
        let mut outputs = vec![&mut *weight];
        outputs.extend(sums.chunks_exact_mut(self.channels * self.window.patch()));
        let tasks = ranges.into_iter().zip(outputs).collect();
        parallel::run(tasks, |(rows, sum)| self.weight_of_rows(coarse, fine, rows, sum));
        add_rows(weight, &sums);
        Ok(())
    }

    fn weight_of_rows(&self, coarse: In, fine: In, rows: Range<usize>, sum: Out) {
        let (fine_len, coarse_len, patch) = (self.window.fine.len(), self.coarse_len(), self.window.patch());
        let images = &fine[rows.start * fine_len..rows.end * fine_len];
        let from = &coarse[rows.start * coarse_len..rows.end * coarse_len];
        for strip in self.window.strips(rows.len(), 2 * self.strip()) {
            let places = strip.pixels.len();
            let from = &from[strip.pixels.start * self.channels..strip.pixels.end * self.channels];
            if is_zero(from) {
                continue;
            }
            run(|| {
                scratch(places * patch, |patches| {
                    self.window.gather(&strip, images, patches);
                    let from = Factor::new(from, places, self.channels).transpose();
                    gemm::add(from, Factor::new(patches, places, patch), sum)
                })
            });
        }
    }
}

/// Weights `[fine, taps, channels]` as `[channels, taps, fine]`, the taps in reverse.
pub fn mirror_weights(fine: usize, taps: usize, channels: usize, weight: In, oriented: Out) -> DevResult {
    mirror(fine, taps, channels, |own, other| oriented[other] = weight[own]);
    Ok(())
}

/// Adds what is given for the oriented weights.
pub fn add_mirrored_weights(fine: usize, taps: usize, channels: usize, oriented: In, weight: Out) -> DevResult {
    mirror(fine, taps, channels, |own, other| weight[own] += oriented[other]);
    Ok(())
}

/// Calls `f` with the places of the same weight in the layer's array and in the oriented one.
fn mirror(fine: usize, taps: usize, channels: usize, mut f: impl FnMut(usize, usize)) {
    for o in 0..fine {
        for tap in 0..taps {
            for c in 0..channels {
                f((o * taps + tap) * channels + c, (c * taps + taps - 1 - tap) * fine + o);
            }
        }
    }
}
