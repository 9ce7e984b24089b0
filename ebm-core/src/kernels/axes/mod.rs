//! Basis vectors as directions.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::device::{Dev, Real};

/// The basis vectors of an axis for every one of `batch` samples, direction-major: `[C * batch, C]`. What
/// [`jacobian::axes`](crate::jacobian::axes) lists, where the tensors are.
///
/// ```
/// use ebm_core::device::values;
/// use ebm_core::geometry::{Fixed, Geometry};
/// use ebm_core::kernels::axes::axes;
///
/// // Two samples: the first axis of both, then the second of both.
/// let directions = axes(2, Fixed::<1, 2>.data());
/// assert_eq!(values(&directions), [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
/// ```
pub fn axes<C: Dim>(batch: usize, axis: C) -> Tensor<(usize, C), Real, Dev> {
    side::axes(batch, axis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_that_are_listed() {
        for (batch, width) in [(3, 5), (1, 1), (0, 2)] {
            let found = axes(batch, width);
            assert_eq!(*found.shape(), (batch * width, width));
            assert_eq!(*crate::buffers::read(&found), crate::jacobian::axes(batch, width));
        }
    }
}
