//! Convolutions on slices: patches of some images at a time, few enough to stay in cache, and matrix products.
//!
//! Patches are not kept for the backward pass: copying them anew is cheaper than memory.

use super::window::Window;
use crate::buffers::scratch;
use crate::device::Real;
use crate::kernels::gemm::{Product, matrix};
use crate::kernels::parallel::{self, Part};

/// Patches handled together hold about this many values: a core's own cache, with room for the weights.
const PATCHES: usize = 256 * 1024;
/// But not fewer places than this, or preparing the weights costs more than the products.
const PLACES: usize = 256;
/// A product with fewer coarse channels than this would move patches rather than multiply.
pub(super) const NARROW: usize = 16;

/// A sliding kernel and the sizes of a batch.
#[derive(Clone, Copy)]
pub(super) struct Slides {
    pub window: Window,
    /// Channels of the coarse image.
    pub channels: usize,
    /// Rows of values.
    pub primal: usize,
}

impl Slides {
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
    pub fn down(
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
                        let product = Product {
                            a: matrix(patches, places, patch),
                            b: matrix(weight, self.channels, patch).transpose(),
                        };
                        if add { product.add(to) } else { product.write(to) }
                    });
                }
            }
            finish(&mut part);
        });
    }

    /// `fine += P^T(coarse W)`; `finish` ends the rows of each task.
    pub fn up(
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
                        let product = Product {
                            a: matrix(from, places, self.channels),
                            b: matrix(weight, self.channels, patch),
                        };
                        product.write(patches);
                        self.window.scatter(&strip, patches, to);
                    });
                }
            }
            finish(&mut part);
        });
    }

    /// `weight += coarse^T P(fine)`, summed over the rows.
    pub fn weight(&self, coarse: &[Real], fine: &[Real], weight: &mut [Real]) {
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
            weight.iter_mut().zip(sum).for_each(|(w, s)| *w += s);
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
                Product {
                    a: matrix(from, places, self.channels).transpose(),
                    b: matrix(patches, places, patch),
                }
                .add(sum);
            });
        }
    }
}

/// Whether no cotangent reached a block: the values of a pass whose tangents alone are used, for example.
fn is_zero(g: &[Real]) -> bool {
    g.iter().all(|v| *v == 0.0)
}
