//! Slices of host memory.

use dfdx::prelude::*;
use std::borrow::Cow;
use std::ops::Range;

use crate::buffers;
use crate::device::{Dev, DevResult, Real, run};

/// An array that owns its memory.
pub type Array<T = Real> = Vec<T>;
/// Some values that a kernel reads.
pub type In<'a, T = Real> = &'a [T];
/// Some values that a kernel writes, or adds to.
pub type Out<'a, T = Real> = &'a mut [T];

/// The values of a tensor, where kernels can read them.
pub struct Stored<'a>(Cow<'a, [Real]>);

impl Stored<'_> {
    pub(super) fn none() -> Self {
        Self(Cow::Borrowed(&[]))
    }

    /// The values.
    pub fn read(&self) -> In<'_> {
        &self.0
    }
}

/// The values of a tensor in row-major order. One that is not contiguous is copied.
pub fn stored<S: Shape>(tensor: &Tensor<S, Real, Dev>) -> DevResult<Stored<'_>> {
    Ok(Stored(buffers::read(tensor)))
}

/// All of an array, to be read by a kernel.
pub fn view<T>(array: &Array<T>) -> In<'_, T> {
    array
}

/// All of an array, to be written by a kernel.
pub fn view_mut<T>(array: &mut Array<T>) -> Out<'_, T> {
    array
}

/// Some of it.
pub fn part<T>(values: In<'_, T>, range: Range<usize>) -> In<'_, T> {
    &values[range]
}

/// Some of it, lent on.
pub fn part_mut<'a, T>(values: &'a mut Out<'_, T>, range: Range<usize>) -> Out<'a, T> {
    &mut values[range]
}

/// An array of `n` zeros.
pub fn zeros<T: Unit>(n: usize) -> DevResult<Array<T>> {
    Ok(vec![T::default(); n])
}

/// An array of these values.
pub fn upload<T: Unit>(values: Vec<T>) -> DevResult<Array<T>> {
    Ok(values)
}

/// A copy on the host.
pub fn download<T: Unit>(array: &Array<T>) -> DevResult<Vec<T>> {
    Ok(array.clone())
}

/// Number of values.
pub fn len<T>(array: &Array<T>) -> usize {
    array.len()
}

/// A tensor whose values, zeros at first, `fill` writes.
pub fn filled<S: Shape>(shape: S, fill: impl FnOnce(Out) -> DevResult) -> Tensor<S, Real, Dev> {
    let mut values = vec![0.0; shape.num_elements()];
    run(|| fill(&mut values));
    buffers::tensor(values, shape)
}

/// Lets `f` change the values of a tensor, as [`change`](super::change) does; what it does may fail otherwise, too.
pub fn try_change<S: Shape, E>(
    tensor: &mut Tensor<S, Real, Dev>,
    f: impl FnOnce(Out) -> Result<(), E>,
) -> Result<(), E> {
    let mut values = buffers::read(tensor).into_owned();
    f(&mut values)?;
    tensor.copy_from(&values);
    Ok(())
}
