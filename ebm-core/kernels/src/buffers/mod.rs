//! Moving numbers between dfdx tensors and plain slices, the form every kernel works on.
//!
//! On the CPU nothing is copied where it can be avoided. On CUDA data is staged through host memory, which is slow: operations
//! work on [`native`] arrays, wherever these are.

pub mod native;
mod view;

use dfdx::prelude::*;
use std::borrow::Cow;

use crate::device::{Dev, Real, device};

/// The values of a tensor in row-major order. `tensor` must be contiguous.
pub fn read<S: Shape>(tensor: &Tensor<S, Real, Dev>) -> Cow<'_, [Real]> {
    // dfdx's iterators do not stop before the first element of none.
    if tensor.shape().num_elements() == 0 {
        return Cow::Borrowed(&[]);
    }
    #[cfg(not(feature = "cuda"))]
    if let Some(storage) = view::view(tensor) {
        return Cow::Borrowed(storage);
    }
    Cow::Owned(tensor.as_vec())
}

/// The values of a tensor in row-major order, on the host.
pub fn values<S: Shape, T>(tensor: &Tensor<S, Real, Dev, T>) -> Vec<Real> {
    let plain: Tensor<S, Real, Dev> = tensor.retaped();
    read(&plain).into_owned()
}

/// A tensor on the device of this thread.
pub fn tensor<S: Shape>(values: Vec<Real>, shape: S) -> Tensor<S, Real, Dev> {
    device().tensor_from_vec(values, shape)
}
