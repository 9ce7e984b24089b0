//! Blocks of pixels on the device.

use super::{Average, Blocks, Spread};
use crate::device::{DevError, Real};
use crate::gpu::{In, Out, images};
use crate::linear::LinearMap;

impl LinearMap for Spread {
    fn sizes(&self) -> (usize, usize) {
        (self.0.coarse.len(), self.0.fine_len())
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> Result<(), DevError> {
        self.0.spread(rows, 1.0, x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> Result<(), DevError> {
        self.0.gather(rows, 1.0, g, gx)
    }
}

impl LinearMap for Average {
    fn sizes(&self) -> (usize, usize) {
        (self.0.fine_len(), self.0.coarse.len())
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> Result<(), DevError> {
        self.0.gather(rows, self.0.share(), x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> Result<(), DevError> {
        self.0.spread(rows, self.0.share(), g, gx)
    }
}

impl Blocks {
    /// `fine += scale * coarse`
    fn spread(&self, rows: usize, scale: Real, coarse: In, fine: Out) -> Result<(), DevError> {
        let size = self.coarse;
        images::spread_pixels(
            rows,
            size.height,
            size.width,
            size.channels,
            self.factor,
            scale,
            coarse,
            fine,
        )
    }

    /// `coarse += scale * fine`
    fn gather(&self, rows: usize, scale: Real, fine: In, coarse: Out) -> Result<(), DevError> {
        let size = self.coarse;
        images::gather_pixels(
            rows,
            size.height,
            size.width,
            size.channels,
            self.factor,
            scale,
            fine,
            coarse,
        )
    }
}
