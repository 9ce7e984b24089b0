//! Sums over pixels on slices.

use super::Sum;
use crate::device::Real;
use crate::kernels::linear::LinearMap;
use crate::kernels::math::vectorised;

impl LinearMap for Sum {
    fn sizes(&self) -> (usize, usize) {
        (self.0.len(), self.0.channels)
    }
    fn forward(&self, x: &[Real], y: &mut [Real]) {
        vectorised(|| {
            for pixel in x.chunks_exact(self.0.channels) {
                y.iter_mut().zip(pixel).for_each(|(y, x)| *y += x);
            }
        });
    }
    fn transpose(&self, g: &[Real], gx: &mut [Real]) {
        vectorised(|| {
            for pixel in gx.chunks_exact_mut(self.0.channels) {
                pixel.iter_mut().zip(g).for_each(|(x, g)| *x += g);
            }
        });
    }
}
