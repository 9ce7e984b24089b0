//! Arrays where the operations' own kernels run: slices on the CPU, memory of the device in a build with device kernels.
//!
//! An operation is wired to the tape once, in terms of these; its `cpu` and `cuda` modules have kernels of the same names, which
//! take them for what they are. A kernel reads [`In`]s, and writes or adds to [`Out`]s.

#[cfg(device_kernels)]
mod device;
#[cfg(not(device_kernels))]
mod host;

#[cfg(device_kernels)]
pub use device::*;
#[cfg(not(device_kernels))]
pub use host::*;

use dfdx::prelude::{Shape, Storage, Tensor};

use crate::buffers;
use crate::device::{Dev, DevResult, PerSample, Real};
use crate::elementwise;

pub use crate::device::run;

/// A gradient that was taken out of the others.
pub type OwnedGrad = Array;
/// A gradient that a kernel adds to.
pub type GradMut<'a> = Out<'a>;

/// Two tensors whose values, zeros at first, `fill` writes.
///
/// # Panics
/// If the device fails.
pub fn filled_two<A: Shape, B: Shape>(
    first: A,
    second: B,
    fill: impl FnOnce(Out, Out) -> DevResult,
) -> (Tensor<A, Real, Dev>, Tensor<B, Real, Dev>) {
    let mut b = None;
    let a = filled(first, |a| {
        b = Some(filled(second, |b| fill(a, b)));
        Ok(())
    });
    (a, b.unwrap_or_else(|| buffers::tensor(Vec::new(), second)))
}

/// Lets `f` change the values of a contiguous tensor; others that share its storage keep what they have.
///
/// # Panics
/// If the device fails.
pub fn change<S: Shape>(tensor: &mut Tensor<S, Real, Dev>, f: impl FnOnce(Out) -> DevResult) {
    run(|| try_change(tensor, f));
}

/// `to += from`
///
/// # Errors
/// If the device refuses.
pub fn accumulate(to: GradMut, from: &Array) -> DevResult {
    elementwise::add_to(to.len(), view(from), to)
}

/// These values as an array.
///
/// # Panics
/// If the device fails.
pub fn from_host(values: Vec<Real>) -> Array {
    run(|| upload(values))
}

/// A copy of the values.
///
/// # Panics
/// If the device fails.
pub fn to_host(array: &Array) -> Vec<Real> {
    run(|| download(array))
}

/// The storage of a gradient, as the backward operations of kernels see it.
pub trait GradientBuffer {
    /// Takes the gradient out (of an intermediate value, which nobody else will ask for).
    ///
    /// # Errors
    /// If the device refuses.
    fn take(&mut self) -> DevResult<OwnedGrad>;
    /// Adds to the gradient in place.
    ///
    /// # Errors
    /// If the device refuses, and those of `f`.
    fn update(&mut self, f: impl FnOnce(GradMut) -> DevResult) -> DevResult;
}

/// The values of a tensor that may be missing: then there are none.
///
/// # Errors
/// If there is no memory for a copy.
pub fn optional(tensor: Option<&PerSample>) -> DevResult<Stored<'_>> {
    tensor.map_or(Ok(Stored::none()), stored)
}

impl GradientBuffer for <Dev as Storage<Real>>::Vec {
    fn take(&mut self) -> DevResult<OwnedGrad> {
        take(self)
    }
    fn update(&mut self, f: impl FnOnce(GradMut) -> DevResult) -> DevResult {
        f(lend(self))
    }
}
