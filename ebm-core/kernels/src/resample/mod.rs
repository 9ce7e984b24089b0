//! Larger and smaller images: repeating every pixel, and averaging blocks of them.
//!
//! Both are linear, and each is the transpose of the other but for a factor: of `f x f` equal pixels an average is one.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::linear::{LinearMap, linear};
use crate::prelude::*;

/// Every pixel of images `inputs` becomes `factor x factor` equal ones; tangents alike.
pub fn up_sample(x: Matrix<SharedTape>, inputs: Extent, factor: usize) -> Matrix<SharedTape> {
    linear(x, Resample { blocks: Blocks { coarse: inputs, factor }, scale: 1.0, spreads: true })
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
    let scale = 1.0 / (factor * factor) as Real;
    linear(x, Resample { blocks: Blocks { coarse, factor }, scale, spreads: false })
}

/// Coarse images, and the fine ones with a block of `factor x factor` pixels for each of theirs.
#[derive(Clone, Copy)]
pub(crate) struct Blocks {
    coarse: Extent,
    factor: usize,
}

impl Blocks {
    fn fine_len(&self) -> usize {
        self.coarse.len() * self.factor * self.factor
    }
}

/// Multiples of coarse pixels in all fine ones of their blocks, or of the sums of the blocks in the coarse ones.
#[derive(Clone, Copy)]
struct Resample {
    blocks: Blocks,
    scale: Real,
    /// Whether it goes from coarse pixels to fine ones.
    spreads: bool,
}

impl Resample {
    fn add(&self, spreads: bool, rows: usize, from: In, to: Out) -> DevResult {
        match spreads {
            true => backend::spread_pixels(rows, self.blocks, self.scale, from, to),
            false => backend::gather_pixels(rows, self.blocks, self.scale, from, to),
        }
    }
}

impl LinearMap for Resample {
    fn sizes(&self) -> (usize, usize) {
        let (coarse, fine) = (self.blocks.coarse.len(), self.blocks.fine_len());
        if self.spreads { (coarse, fine) } else { (fine, coarse) }
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> DevResult {
        self.add(self.spreads, rows, x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> DevResult {
        self.add(!self.spreads, rows, g, gx)
    }
}

crate::selftest_cases!(|| {
    let image = Extent::new(6, 4, 7);
    let operation = |name: &str| Operation::new(name, 5, image.len());
    vec![
        operation("up_sample").case(move |x, _, _| up_sample(x, image, 2)),
        operation("average_pool").case(move |x, _, _| average_pool(x, image, 2)),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

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
