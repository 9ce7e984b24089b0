//! Blocks of pixels on slices.

use super::{Average, Blocks, Spread};
use crate::device::Real;
use crate::image::Extent;
use crate::linear::LinearMap;
use crate::math::vectorised;

impl LinearMap for Spread {
    fn sizes(&self) -> (usize, usize) {
        (self.0.coarse.len(), self.0.fine_len())
    }
    fn forward(&self, x: &[Real], y: &mut [Real]) {
        self.0.spread(x, y, 1.0);
    }
    fn transpose(&self, g: &[Real], gx: &mut [Real]) {
        self.0.gather(g, gx, 1.0);
    }
}

impl LinearMap for Average {
    fn sizes(&self) -> (usize, usize) {
        (self.0.fine_len(), self.0.coarse.len())
    }
    fn forward(&self, x: &[Real], y: &mut [Real]) {
        self.0.gather(x, y, self.0.share());
    }
    fn transpose(&self, g: &[Real], gx: &mut [Real]) {
        self.0.spread(g, gx, self.0.share());
    }
}

impl Blocks {
    /// `fine += scale * coarse`
    fn spread(&self, coarse: &[Real], fine: &mut [Real], scale: Real) {
        vectorised(|| {
            self.each(|c, f| {
                let pairs = fine[f..f + self.coarse.channels].iter_mut().zip(&coarse[c..]);
                pairs.for_each(|(f, c)| *f += scale * c);
            });
        });
    }

    /// `coarse += scale * fine`
    fn gather(&self, fine: &[Real], coarse: &mut [Real], scale: Real) {
        vectorised(|| {
            self.each(|c, f| {
                let pairs = coarse[c..c + self.coarse.channels].iter_mut().zip(&fine[f..]);
                pairs.for_each(|(c, f)| *c += scale * f);
            });
        });
    }

    /// Calls `f` with where the pixels of every pair start.
    #[inline(always)]
    fn each(&self, mut f: impl FnMut(usize, usize)) {
        let Extent {
            height,
            width,
            channels,
        } = self.coarse;
        let (fine_height, fine_width) = (height * self.factor, width * self.factor);
        for y in 0..fine_height {
            for x in 0..fine_width {
                let coarse = (y / self.factor * width + x / self.factor) * channels;
                f(coarse, (y * fine_width + x) * channels);
            }
        }
    }
}
