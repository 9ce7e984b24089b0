//! Larger and smaller images: repeating every pixel, and averaging blocks of them.
//!
//! Both are linear, and each is the transpose of the other but for a factor: of `f x f` equal pixels an average is one.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::Extent;
//! use ebm_kernels::resample::{average_pool, up_sample};
//! use ebm_kernels::tape::SharedTape;
//!
//! let small: Matrix = device().tensor_from_vec(vec![1.0, 2.0], (1, 2));
//! let large = up_sample(SharedTape::off().watch(&small), Extent::new(1, 2, 1), 2);
//! assert_eq!(values(&large), [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 2.0, 2.0]);
//! assert_eq!(values(&average_pool(large, Extent::new(2, 4, 1), 2)), [1.0, 2.0]);
//!
//! let square: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 6.0], (1, 4));
//! let mean = average_pool(SharedTape::off().watch(&square), Extent::new(2, 2, 1), 2);
//! assert_eq!(values(&mean), [3.0]);
//! ```

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

use super::linear::linear;
use crate::device::{Matrix, Real};
use crate::image::Extent;
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

    /// What a fine pixel has in the average of its block.
    fn share(&self) -> Real {
        1.0 / (self.factor * self.factor) as Real
    }
}

/// From coarse pixels to fine ones, each of which gets the value.
#[derive(Clone, Copy)]
struct Spread(Blocks);

/// From fine pixels to coarse ones, which get the mean.
#[derive(Clone, Copy)]
struct Average(Blocks);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = |name: &str, width| Case {
            name: name.into(),
            input: (2, width),
            arrays: vec![],
        };
        check::operation(&case("up-sampling", 12), |x, _, _| {
            up_sample(x, Extent::new(2, 3, 2), 2)
        });
        check::operation(&case("average", 48), |x, _, _| average_pool(x, Extent::new(4, 6, 2), 2));
        check::operation(&case("average of threes", 18), |x, _, _| {
            average_pool(x, Extent::new(3, 6, 1), 3)
        });
    }

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
        assert_eq!(
            average_pool(off.watch(&x), Extent::new(2, 4, 1), 2).as_vec(),
            vec![3.5, 5.5]
        );
    }
}
