//! The sum of every channel over the pixels of an image.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::{Extent, sum_pool::sum_pool};
//! use ebm_kernels::tape::SharedTape;
//!
//! // One row of three pixels with two channels.
//! let image: Matrix = device().tensor_from_vec(vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0], (1, 6));
//! let sums = sum_pool(SharedTape::off().watch(&image), Extent::new(1, 3, 2));
//! assert_eq!(values(&sums), [6.0, 60.0]);
//! ```

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

use super::image::Extent;
use super::linear::linear;
use crate::device::Matrix;
use crate::tape::SharedTape;

/// `[rows, channels]`: the sums over the pixels of images `inputs`; tangents alike.
pub fn sum_pool(x: Matrix<SharedTape>, inputs: Extent) -> Matrix<SharedTape> {
    linear(x, Sum(inputs))
}

/// From images to the sums of their pixels.
#[derive(Clone, Copy)]
struct Sum(Extent);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "sum over pixels".into(),
            input: (3, 12),
            arrays: vec![],
        };
        check::operation(&case, |x, _, _| sum_pool(x, Extent::new(2, 3, 2)));
    }

    #[test]
    fn channels_are_summed_apart() {
        let x = buffers::tensor(vec![1.0, 10.0, 2.0, 20.0, 4.0, 40.0], (1, 6));
        let y = sum_pool(SharedTape::off().watch(&x), Extent::new(1, 3, 2));
        assert_eq!(y.as_vec(), vec![7.0, 70.0]);
    }
}
