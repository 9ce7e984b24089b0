//! Memory of the device.

use dfdx::prelude::*;
use std::ops::Range;

use crate::buffers::view::{view as storage, view_mut as storage_mut};
use crate::device::{Dev, DevError, DevResult, Real, device, run};

pub use crate::gpu::{Buffer as Array, In, Out, download, upload, view, view_mut, zeros};

/// The values of a tensor, where kernels can read them.
pub enum Stored<'a> {
    /// Its own storage.
    Own(&'a Array),
    /// A copy in row-major order.
    Copy(Array),
    /// No values.
    None,
}

impl Stored<'_> {
    pub(super) fn none() -> Self {
        Self::None
    }

    /// The values.
    pub fn read(&self) -> In<'_> {
        match self {
            Self::Own(storage) => view(storage),
            Self::Copy(storage) => view(storage),
            Self::None => In::none(),
        }
    }
}

/// The values of a tensor in row-major order. One that is not contiguous is copied, by way of the host.
pub fn stored<S: Shape>(tensor: &Tensor<S, Real, Dev>) -> DevResult<Stored<'_>> {
    match storage(tensor) {
        Some(storage) => Ok(Stored::Own(storage)),
        None if tensor.shape().num_elements() == 0 => Ok(Stored::Copy(zeros(0)?)),
        None => Ok(Stored::Copy(upload(tensor.as_vec())?)),
    }
}

/// Some of it.
pub fn part<T: Unit>(values: In<'_, T>, range: Range<usize>) -> In<'_, T> {
    values.part(range)
}

/// Some of it, lent on.
pub fn part_mut<'a, T: Unit>(values: &'a mut Out<'_, T>, range: Range<usize>) -> Out<'a, T> {
    values.part(range)
}

/// Number of values.
pub fn len<T: Unit>(array: &Array<T>) -> usize {
    view(array).len()
}

/// A tensor whose values, zeros at first, `fill` writes.
pub fn filled<S: Shape>(shape: S, fill: impl FnOnce(Out) -> DevResult) -> Tensor<S, Real, Dev> {
    let mut tensor = run(|| device().try_zeros_like(&shape));
    run(|| try_change(&mut tensor, fill));
    tensor
}

/// Lets `f` change the values of a tensor, as [`change`](super::change) does; what it does may fail otherwise, too.
pub fn try_change<S: Shape, E: From<DevError>>(
    tensor: &mut Tensor<S, Real, Dev>,
    f: impl FnOnce(Out) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(storage) = storage_mut(tensor) {
        return f(view_mut(storage));
    }
    if tensor.shape().num_elements() == 0 {
        return f(view_mut(&mut zeros(0)?));
    }
    let mut storage = upload(tensor.as_vec())?;
    f(view_mut(&mut storage))?;
    tensor.copy_from(&download(&storage)?);
    Ok(())
}
