//! Sums over pixels on the device.

use super::Sum;
use crate::device::DevError;
use crate::gpu::{In, Out, images};
use crate::linear::LinearMap;

impl LinearMap for Sum {
    fn sizes(&self) -> (usize, usize) {
        (self.0.len(), self.0.channels)
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> Result<(), DevError> {
        images::sum_pixels(rows, self.0.pixels(), self.0.channels, x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> Result<(), DevError> {
        images::repeat_pixels(rows, self.0.pixels(), self.0.channels, g, gx)
    }
}
