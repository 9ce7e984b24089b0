//! Copying patches from an image and back, on slices.

use std::ops::Range;

use super::layer::Window;
use crate::prelude::*;

/// Places of the kernel whose patches are handled together: whole images, or some rows of one.
pub(super) struct Strip {
    images: Range<usize>,
    rows: Range<usize>,
    /// The same places among all coarse pixels of the images.
    pub pixels: Range<usize>,
}

impl Window {
    /// Strips of about `pixels` places that cover `images` images.
    pub fn strips(&self, images: usize, pixels: usize) -> impl Iterator<Item = Strip> {
        let (height, width) = self.coarse;
        let places = self.places();
        let rows = (pixels / width).clamp(1, height);
        let together = (pixels / places).max(1);
        (0..images).step_by(together).flat_map(move |first| {
            let images = first..(first + together).min(images);
            (0..height).step_by(rows).map(move |row| {
                let rows = row..(row + rows).min(height);
                let start = images.start * places + rows.start * width;
                Strip { pixels: start..start + images.len() * rows.len() * width, images: images.clone(), rows }
            })
        })
    }

    /// `patches = P image`, for the places of a strip.
    pub fn gather(&self, strip: &Strip, images: &[Real], patches: &mut [Real]) {
        let run = self.kernel * self.fine.channels;
        self.each_run(strip, |patch, skipped, values| {
            let to = &mut patches[patch * run..(patch + 1) * run];
            to[..skipped].fill(0.0);
            to[skipped + values.len()..].fill(0.0);
            to[skipped..][..values.len()].copy_from_slice(&images[values]);
        });
    }

    /// `image += P^T patches`, for the places of a strip.
    pub fn scatter(&self, strip: &Strip, patches: &[Real], images: &mut [Real]) {
        let run = self.kernel * self.fine.channels;
        self.each_run(strip, |patch, skipped, values| {
            let from = &patches[patch * run + skipped..][..values.len()];
            add(&mut images[values], from);
        });
    }

    /// Calls `f` with the number of every run of every patch, in order, how many of its values come before the image, and which
    /// values of the images follow.
    #[inline(always)]
    fn each_run(&self, strip: &Strip, mut f: impl FnMut(usize, usize, Range<usize>)) {
        let Extent { height, width, channels } = self.fine;
        let mut patch = 0;
        for image in strip.images.clone() {
            for row in strip.rows.clone() {
                for column in 0..self.coarse.1 {
                    let left = (column * self.stride) as isize - self.padding as isize;
                    let first = left.clamp(0, width as isize) as usize;
                    let end = (left + self.kernel as isize).clamp(first as isize, width as isize) as usize;
                    let skipped = (first as isize - left) as usize * channels;
                    for tap in 0..self.kernel {
                        let y = (row * self.stride + tap).wrapping_sub(self.padding);
                        let start = ((image * height + y.min(height - 1)) * width + first) * channels;
                        let values = match y < height {
                            true => start..start + (end - first) * channels,
                            false => start..start,
                        };
                        f(patch, skipped, values);
                        patch += 1;
                    }
                }
            }
        }
    }
}
