//! Sums over pixels on slices.

use super::Sum;
use crate::device::Real;
use crate::linear::LinearMap;
use crate::math::{add, vectorised};

impl LinearMap for Sum {
    fn sizes(&self) -> (usize, usize) {
        (self.0.len(), self.0.channels)
    }
    fn forward(&self, x: &[Real], y: &mut [Real]) {
        vectorised(|| {
            for pixel in x.chunks_exact(self.0.channels) {
                add(y, pixel);
            }
        });
    }
    fn transpose(&self, g: &[Real], gx: &mut [Real]) {
        vectorised(|| {
            for pixel in gx.chunks_exact_mut(self.0.channels) {
                add(pixel, g);
            }
        });
    }
}
