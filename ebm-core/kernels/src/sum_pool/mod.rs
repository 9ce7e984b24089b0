//! The sum of every channel over the pixels of an image.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
pub(crate) mod backend;

use crate::linear::{LinearMap, linear};
use crate::prelude::*;

/// `[rows, channels]`: the sums over the pixels of images `inputs`; tangents alike.
pub fn sum_pool(x: Matrix<SharedTape>, inputs: Extent) -> Matrix<SharedTape> {
    linear(x, Sum(inputs))
}

/// From images to the sums of their pixels.
#[derive(Clone, Copy)]
struct Sum(Extent);

impl LinearMap for Sum {
    fn sizes(&self) -> (usize, usize) {
        (self.0.len(), self.0.channels)
    }
    fn forward(&self, rows: usize, x: In, y: Out) -> DevResult {
        backend::sum_pixels(rows, self.0.pixels(), self.0.channels, x, y)
    }
    fn transpose(&self, rows: usize, g: In, gx: Out) -> DevResult {
        backend::repeat_pixels(rows, self.0.pixels(), self.0.channels, g, gx)
    }
}

crate::selftest_cases!(|| {
    let image = Extent::new(6, 4, 7);
    vec![Operation::new("sum_pool", 5, image.len()).case(move |x, _, _| sum_pool(x, image))]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_summed_apart() {
        let x = buffers::tensor(vec![1.0, 10.0, 2.0, 20.0, 4.0, 40.0], (1, 6));
        let y = sum_pool(SharedTape::off().watch(&x), Extent::new(1, 3, 2));
        assert_eq!(buffers::values(&y), [7.0, 70.0]);
    }
}
