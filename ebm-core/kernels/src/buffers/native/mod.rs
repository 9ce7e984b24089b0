//! Arrays where the operations' own kernels run: slices on the CPU, memory of the device in a build with device kernels.
//!
//! An operation is wired to the tape once, in terms of these; its `cpu` and `cuda` modules have kernels of the same names, which
//! take them for what they are. A kernel reads [`In`]s, and writes or adds to [`Out`]s. A device that refuses, as for want of
//! memory, is an error where a [`DevResult`] is returned, and else a panic (see [`run`]).

#[cfg(device_kernels)]
mod device;
#[cfg(not(device_kernels))]
mod host;

#[cfg(device_kernels)]
pub use device::*;
#[cfg(not(device_kernels))]
pub use host::*;

use dfdx::prelude::{Shape, Storage, Tensor};
use std::cell::RefCell;

use crate::buffers;
use crate::device::{Dev, DevResult, PerSample, Real};
use crate::elementwise;

pub use crate::device::run;

/// A gradient that was taken out of the others.
pub type OwnedGrad = Array;
/// A gradient that a kernel adds to.
pub type GradMut<'a> = Out<'a>;

/// Two tensors whose values, zeros at first, `fill` writes.
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
pub fn change<S: Shape>(tensor: &mut Tensor<S, Real, Dev>, f: impl FnOnce(Out) -> DevResult) {
    run(|| try_change(tensor, f));
}

/// `to += from`
pub fn accumulate(to: GradMut, from: &Array) -> DevResult {
    elementwise::add_to(to.len(), view(from), to)
}

/// These values as an array.
pub fn from_host(values: Vec<Real>) -> Array {
    run(|| upload(values))
}

/// A copy of the values.
pub fn to_host(array: &Array) -> Vec<Real> {
    run(|| download(array))
}

thread_local! {
    static SCRATCH: RefCell<Option<Array>> = const { RefCell::new(None) };
}

/// Calls `f` with `count` values of whatever was there before: working memory of the thread, kept from one operation to the next, as
/// getting large buffers anew costs more than filling them.
///
/// Inside `f` there must be no other such call on this thread, and nothing that waits for other threads' work. A device's work of a
/// thread is queued on one stream, so what the next caller writes comes after what `f` has queued.
pub(crate) fn scratch(count: usize, f: impl FnOnce(Out) -> DevResult) -> DevResult {
    SCRATCH.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|buffer| len(buffer) < count) {
            // What is too small is given back first.
            *kept = None;
            *kept = Some(zeros(count)?);
        }
        kept.as_mut().map_or(Ok(()), |buffer| f(part_mut(&mut view_mut(buffer), 0..count)))
    })
}

/// The storage of a gradient, as the backward operations of kernels see it.
pub trait GradientBuffer {
    /// Takes the gradient out (of an intermediate value, which nobody else will ask for).
    fn take(&mut self) -> DevResult<OwnedGrad>;
    /// Adds to the gradient in place.
    fn update(&mut self, f: impl FnOnce(GradMut) -> DevResult) -> DevResult;
}

/// The values of a tensor that may be missing: then there are none.
pub fn optional(tensor: Option<&PerSample>) -> DevResult<Stored<'_>> {
    tensor.map_or(Ok(Stored::none()), stored)
}

impl GradientBuffer for <Dev as Storage<Real>>::Vec {
    fn take(&mut self) -> DevResult<OwnedGrad> {
        #[cfg(not(device_kernels))]
        return Ok(std::mem::take(&mut **self));
        // What is left is freed with the other gradients.
        #[cfg(device_kernels)]
        Ok(std::mem::replace(self, zeros(0)?))
    }
    fn update(&mut self, f: impl FnOnce(GradMut) -> DevResult) -> DevResult {
        f(view_mut(self))
    }
}
