//! Convolutions on slices: patches of some images at a time, few enough to stay in cache, and matrix products.
//!
//! Patches are not kept for the backward pass: copying them anew is cheaper than memory.

use dfdx::prelude::*;
use std::borrow::Cow;

use super::Arrays;
use super::layer::{Direction, Plan, Window};
use crate::buffers::native::run;
use crate::buffers::{self, read, scratch};
use crate::channel_sums;
use crate::device::{DevResult, Matrix, Real};
use crate::gemm::{self, Factor};
use crate::math::{add, vectorised};
use crate::parallel::{self, Part};

/// Patches handled together hold about this many values: a core's own cache, with room for the weights.
const PATCHES: usize = 256 * 1024;
/// But not fewer places than this, or preparing the weights costs more than the products.
const PLACES: usize = 256;

/// A sliding kernel and the sizes of a batch.
#[derive(Clone, Copy)]
struct Slides {
    window: Window,
    /// Channels of the coarse image.
    channels: usize,
    /// Rows of values.
    primal: usize,
}

impl Slides {
    fn of(plan: Plan, primal: usize) -> Self {
        Self { window: plan.window, channels: plan.channels, primal }
    }

    fn coarse_len(&self) -> usize {
        self.window.places() * self.channels
    }

    /// Multiply-adds a sample of `rows` rows.
    fn work(&self, rows: usize) -> usize {
        rows / self.primal * self.window.places() * self.window.patch() * self.channels
    }

    /// Samples a task takes: few, so that a core that is held up elsewhere leaves its work to the other.
    fn samples_a_task(&self, rows: usize) -> usize {
        let share = parallel::rows_a_task(self.primal, self.work(rows));
        if share == self.primal {
            return share;
        }
        let fill = self.strip().div_ceil(self.window.places());
        (share / 4).max(fill).min(share)
    }

    /// Places a strip.
    fn strip(&self) -> usize {
        (PATCHES / self.window.patch()).max(PLACES)
    }

    /// `coarse (+)= P(fine) W^T`, `weight` `[channels, patch]`; `finish` ends the rows of each task.
    fn down(
        &self,
        fine: &[Real],
        weight: &[Real],
        coarse: &mut [Real],
        add: bool,
        finish: impl Fn(&mut Part<'_, Real>) + Sync + Send,
    ) {
        let (fine_len, coarse_len, patch) = (self.window.fine.len(), self.coarse_len(), self.window.patch());
        let step = self.samples_a_task(coarse.len() / coarse_len);
        let tasks = parallel::split(coarse, self.primal, coarse_len, step);
        parallel::run(tasks, |mut part| {
            let n = part.samples.len();
            for (block, to) in part.blocks.iter_mut().enumerate() {
                let first = block * self.primal + part.samples.start;
                let images = &fine[first * fine_len..(first + n) * fine_len];
                if add && is_zero(images) {
                    continue;
                }
                for strip in self.window.strips(n, self.strip()) {
                    let places = strip.pixels.len();
                    let to = &mut to[strip.pixels.start * self.channels..strip.pixels.end * self.channels];
                    scratch(places * patch, |patches| {
                        self.window.gather(&strip, images, patches);
                        let patches = Factor::new(patches, places, patch);
                        let weight = Factor::new(weight, self.channels, patch).transpose();
                        run(|| match add {
                            true => gemm::add(patches, weight, to),
                            false => gemm::write(patches, weight, to),
                        });
                    });
                }
            }
            finish(&mut part);
        });
    }

    /// `fine += P^T(coarse W)`; `finish` ends the rows of each task.
    fn up(
        &self,
        coarse: &[Real],
        weight: &[Real],
        fine: &mut [Real],
        finish: impl Fn(&mut Part<'_, Real>) + Sync + Send,
    ) {
        let (fine_len, coarse_len, patch) = (self.window.fine.len(), self.coarse_len(), self.window.patch());
        let step = self.samples_a_task(fine.len() / fine_len);
        let tasks = parallel::split(fine, self.primal, fine_len, step);
        parallel::run(tasks, |mut part| {
            let n = part.samples.len();
            for (block, to) in part.blocks.iter_mut().enumerate() {
                let first = block * self.primal + part.samples.start;
                let from = &coarse[first * coarse_len..(first + n) * coarse_len];
                if is_zero(from) {
                    continue;
                }
                for strip in self.window.strips(n, self.strip()) {
                    let places = strip.pixels.len();
                    let from = &from[strip.pixels.start * self.channels..strip.pixels.end * self.channels];
                    scratch(places * patch, |patches| {
                        let from = Factor::new(from, places, self.channels);
                        run(|| gemm::write(from, Factor::new(weight, self.channels, patch), patches));
                        self.window.scatter(&strip, patches, to);
                    });
                }
            }
            finish(&mut part);
        });
    }

    /// `weight += coarse^T P(fine)`, summed over the rows.
    fn weight(&self, coarse: &[Real], fine: &[Real], weight: &mut [Real]) {
        let rows = coarse.len() / self.coarse_len();
        let step = parallel::rows_a_task(rows, self.work(self.primal));
        // Each task sums over rows of its own.
        let ranges: Vec<_> = (0..rows).step_by(step).map(|r| r..(r + step).min(rows)).collect();
        let mut sums = vec![0.0; (ranges.len() - 1) * weight.len()];
        let mut outputs = vec![&mut *weight];
        outputs.extend(sums.chunks_exact_mut(self.channels * self.window.patch()));
        let tasks: Vec<_> = ranges.into_iter().zip(outputs).collect();
        parallel::run(tasks, |(rows, sum)| self.weight_of_rows(coarse, fine, rows, sum));
        for sum in sums.chunks_exact(weight.len()) {
            add(weight, sum);
        }
    }

    fn weight_of_rows(&self, coarse: &[Real], fine: &[Real], rows: std::ops::Range<usize>, sum: &mut [Real]) {
        let (fine_len, coarse_len, patch) = (self.window.fine.len(), self.coarse_len(), self.window.patch());
        let images = &fine[rows.start * fine_len..rows.end * fine_len];
        let from = &coarse[rows.start * coarse_len..rows.end * coarse_len];
        for strip in self.window.strips(rows.len(), 2 * self.strip()) {
            let places = strip.pixels.len();
            let from = &from[strip.pixels.start * self.channels..strip.pixels.end * self.channels];
            if is_zero(from) {
                continue;
            }
            scratch(places * patch, |patches| {
                self.window.gather(&strip, images, patches);
                let from = Factor::new(from, places, self.channels).transpose();
                run(|| gemm::add(from, Factor::new(patches, places, patch), sum));
            });
        }
    }
}

/// Whether no cotangent reached a block: the values of a pass whose tangents alone are used, for example.
fn is_zero(g: &[Real]) -> bool {
    g.iter().all(|v| *v == 0.0)
}

pub(super) fn forward(x: &Matrix, primal: usize, plan: Plan, arrays: &Arrays) -> Matrix {
    let (rows, slides, outputs) = (x.shape().0, Slides::of(plan, primal), plan.outputs().len());
    let mut y = vec![0.0; rows * outputs];
    let (x, weight) = (read(x), oriented(plan, read(&arrays.weight)));
    let bias = arrays.bias.as_ref().map(read);
    let finish = |part: &mut Part<'_, Real>| {
        if let Some(bias) = &bias {
            add_bias(part.blocks[0], bias);
        }
        arrays.epilogue.apply(&mut part.blocks);
    };
    match plan.direction {
        Direction::Down => slides.down(&x, &weight, &mut y, false, finish),
        Direction::Up => slides.up(&x, &weight, &mut y, finish),
    }
    buffers::tensor(y, (rows, outputs))
}

/// The gradient of the images.
pub(super) fn add_vjp(gx: &mut [Real], g: &[Real], primal: usize, plan: Plan, arrays: &Arrays) -> DevResult {
    let (slides, weight) = (Slides::of(plan, primal), oriented(plan, read(&arrays.weight)));
    match plan.direction {
        Direction::Down => slides.up(g, &weight, gx, |_| ()),
        Direction::Up => slides.down(g, &weight, gx, true, |_| ()),
    }
    Ok(())
}

/// The gradient of the weights.
pub(super) fn add_weight_gradient(gw: &mut [Real], g: &[Real], x: &Matrix, primal: usize, plan: Plan) -> DevResult {
    let (slides, x) = (Slides::of(plan, primal), read(x));
    let (coarse, fine) = match plan.direction {
        Direction::Down => (g, &*x),
        Direction::Up => (&*x, g),
    };
    if plan.mirrored {
        let mut sum = vec![0.0; gw.len()];
        slides.weight(coarse, fine, &mut sum);
        mirror(plan, |own, other| gw[own] += sum[other]);
    } else {
        slides.weight(coarse, fine, gw);
    }
    Ok(())
}

/// The gradient of the bias, given the cotangents of values.
pub(super) fn add_bias_gradient(gb: &mut [Real], g: &[Real], values: usize) -> DevResult {
    channel_sums::add_sums(&g[..values], gb.len(), gb)
}

fn add_bias(values: &mut [Real], bias: &[Real]) {
    vectorised(|| {
        for pixel in values.chunks_exact_mut(bias.len()) {
            add(pixel, bias);
        }
    });
}

/// The layer's weights as `[channels, kernel, kernel, fine channels]`.
fn oriented(plan: Plan, weight: Cow<'_, [Real]>) -> Cow<'_, [Real]> {
    if !plan.mirrored {
        return weight;
    }
    let mut turned = vec![0.0; weight.len()];
    mirror(plan, |own, other| turned[other] = weight[own]);
    Cow::Owned(turned)
}

/// Calls `f` with the places of the same weight in the layer's array and in the oriented one.
fn mirror(plan: Plan, mut f: impl FnMut(usize, usize)) {
    let (taps, fine) = (plan.window.kernel * plan.window.kernel, plan.window.fine.channels);
    for o in 0..fine {
        for tap in 0..taps {
            for c in 0..plan.channels {
                f((o * taps + tap) * plan.channels + c, (c * taps + taps - 1 - tap) * fine + o);
            }
        }
    }
}
