//! Larger and smaller images: repeating every pixel, and averaging blocks of them.
//!
//! Both are linear, and each is the transpose of the other but for a factor: of `f x f` equal pixels an average is one.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::buffers::native::{In, Out};
use crate::device::{DevResult, Matrix, Real};
use crate::image::Extent;
use crate::linear::{LinearMap, linear};
use crate::selftest::{Case, Operation};
use crate::tape::SharedTape;

/// Every pixel of images `inputs` becomes `factor x factor` equal ones; tangents alike.
pub fn up_sample(x: Matrix<SharedTape>, inputs: Extent, factor: usize) -> Matrix<SharedTape> {
    linear(x, Spread(Blocks { coarse: inputs, factor }))
}

/// The mean of every `factor x factor` pixels of images `inputs`; tangents alike.
///
/// # Panics
/// If the images do not divide into such blocks.
pub fn average_pool(x: Matrix<SharedTape>, inputs: Extent, factor: usize) -> Matrix<SharedTape> {
    assert!(
        inputs.height.is_multiple_of(factor) && inputs.width.is_multiple_of(factor),
        "blocks of {factor} in {inputs}"
    );
    let coarse = Extent::new(inputs.height / factor, inputs.width / factor, inputs.channels);
    linear(x, Average(Blocks { coarse, factor }))
}

/// Coarse pixels and the blocks of fine ones that belong to them.
#[derive(Clone, Copy)]
struct Blocks {
    coarse: Extent,
    factor: usize,
}

impl Blocks {
    fn fine_len(&self) -> usize {
        self.coarse.len() * self.factor * self.factor
    }

    /// The share that a fine pixel has in the average of its block.
    fn share(&self) -> Real {
        1.0 / (self.factor * self.factor) as Real
    }

    /// `fine += scale * coarse`
    fn spread(&self, images: usize, scale: Real, coarse: In, fine: Out) -> DevResult {
        let size = self.coarse;
        backend::spread_pixels(images, size.height, size.width, size.channels, self.factor, scale, coarse, fine)
    }

    /// `coarse += scale * fine`
    fn gather(&self, images: usize, scale: Real, fine: In, coarse: Out) -> DevResult {
        let size = self.coarse;
        backend::gather_pixels(images, size.height, size.width, size.channels, self.factor, scale, fine, coarse)
    }
}

/// From coarse pixels to fine ones, each of which gets the value.
#[derive(Clone, Copy)]
struct Spread(Blocks);

impl LinearMap for Spread {
    fn sizes(&self) -> (usize, usize) {
        (self.0.coarse.len(), self.0.fine_len())
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> DevResult {
        self.0.spread(rows, 1.0, x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> DevResult {
        self.0.gather(rows, 1.0, g, gx)
    }
}

/// From fine pixels to coarse ones, which get the mean.
#[derive(Clone, Copy)]
struct Average(Blocks);

impl LinearMap for Average {
    fn sizes(&self) -> (usize, usize) {
        (self.0.fine_len(), self.0.coarse.len())
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> DevResult {
        self.0.gather(rows, self.0.share(), x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> DevResult {
        self.0.spread(rows, self.0.share(), g, gx)
    }
}

crate::selftest_cases!(cases);
fn cases() -> Vec<Case> {
    let image = Extent::new(6, 4, 7);
    let operation = |name: &str| Operation::new(name, 5, image.len());
    vec![
        operation("up_sample").case(move |x, _, _| up_sample(x, image, 2)),
        operation("average_pool").case(move |x, _, _| average_pool(x, image, 2)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;

    #[test]
    fn pixels_go_where_they_belong() {
        let off = SharedTape::off();
        // Two pixels a row of two channels each.
        let x = buffers::tensor(vec![1.0, 10.0, 2.0, 20.0], (1, 4));
        let large = up_sample(off.watch(&x), Extent::new(1, 2, 2), 2);
        let row = [1.0, 10.0, 1.0, 10.0, 2.0, 20.0, 2.0, 20.0];
        assert_eq!(large.as_vec(), [row, row].concat());
        assert_eq!(average_pool(large, Extent::new(2, 4, 2), 2).as_vec(), x.as_vec());
        let x = buffers::tensor((1u8..=8).map(Real::from).collect(), (1, 8));
        assert_eq!(average_pool(off.watch(&x), Extent::new(2, 4, 1), 2).as_vec(), vec![3.5, 5.5]);
    }
}
