//! Slices of host memory.

use dfdx::prelude::*;

use crate::buffers;
use crate::device::{Dev, DevError, Real};
use crate::math::{add, vectorised};

/// An array that owns its memory.
pub type Array<T = Real> = Vec<T>;
/// An array that was taken out of the gradients.
pub type Taken = Array;
/// A gradient that a kernel adds to.
pub type Added<'a> = &'a mut [Real];

/// These values as an array.
pub fn from_host(values: Vec<Real>) -> Array {
    values
}

/// A copy of the values.
pub fn to_host(array: &Array) -> Vec<Real> {
    array.clone()
}

/// Number of values.
pub fn len<T>(array: &Array<T>) -> usize {
    array.len()
}

/// `to = from`, of as many values.
pub fn copy<S: Shape>(to: &mut Tensor<S, Real, Dev>, from: &Tensor<S, Real, Dev>) {
    to.copy_from(&buffers::read(from));
}

/// `to += from`
pub fn plus(to: Added, from: &[Real]) -> Result<(), DevError> {
    vectorised(|| add(to, from));
    Ok(())
}

/// The storage of a gradient, as the backward operations of kernels see it.
pub trait GradientBuffer {
    /// Takes the gradient out (of an intermediate value, which nobody else will ask for).
    fn take(&mut self) -> Result<Taken, DevError>;
    /// Adds to the gradient in place.
    fn update(&mut self, f: impl FnOnce(Added) -> Result<(), DevError>) -> Result<(), DevError>;
}

impl GradientBuffer for <Dev as Storage<Real>>::Vec {
    fn take(&mut self) -> Result<Taken, DevError> {
        Ok(std::mem::take(&mut **self))
    }
    fn update(&mut self, f: impl FnOnce(Added) -> Result<(), DevError>) -> Result<(), DevError> {
        f(self)
    }
}
