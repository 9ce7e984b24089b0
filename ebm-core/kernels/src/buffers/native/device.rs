//! Memory of the device.

use dfdx::prelude::*;

use crate::buffers::view::{view, view_mut};
use crate::device::{Dev, DevError, Real, device};
use crate::gpu::{Buffer, In, Out, elementwise, upload, zeros};

/// An array that owns its memory.
pub type Array<T = Real> = Buffer<T>;
/// An array that was taken out of the gradients.
pub type Taken = Array;
/// A gradient that a kernel adds to.
pub type Added<'a> = Out<'a>;

/// The values of a tensor, where kernels can read them.
pub enum Stored<'a> {
    /// Its own storage.
    Own(&'a Buffer),
    /// A copy in row-major order.
    Copy(Buffer),
}

impl Stored<'_> {
    pub fn read(&self) -> In<'_> {
        match self {
            Self::Own(storage) => In::of(storage),
            Self::Copy(storage) => In::of(storage),
        }
    }
}

/// The values of a tensor in row-major order. One that is not contiguous is copied, by way of the host.
///
/// # Errors
/// If there is no memory for the copy.
pub fn stored<S: Shape>(tensor: &Tensor<S, Real, Dev>) -> Result<Stored<'_>, DevError> {
    match view(tensor) {
        Some(storage) => Ok(Stored::Own(storage)),
        None if tensor.shape().num_elements() == 0 => Ok(Stored::Copy(zeros(0)?)),
        None => Ok(Stored::Copy(upload(tensor.as_vec())?)),
    }
}

/// What `work` returns.
///
/// # Panics
/// If the device fails, as dfdx's own operations do.
pub fn run<T>(work: impl FnOnce() -> Result<T, DevError>) -> T {
    work().unwrap_or_else(|e| panic!("running a kernel: {e}"))
}

/// A tensor whose values, zeros at first, `fill` writes.
///
/// # Panics
/// If the device fails.
pub fn filled<S: Shape>(shape: S, fill: impl FnOnce(Out) -> Result<(), DevError>) -> Tensor<S, Real, Dev> {
    let mut tensor = run(|| device().try_zeros_like(&shape));
    change(&mut tensor, fill);
    tensor
}

/// Two tensors whose values, zeros at first, `fill` writes.
///
/// # Panics
/// If the device fails.
pub fn filled_two<A: Shape, B: Shape>(
    first: A,
    second: B,
    fill: impl FnOnce(Out, Out) -> Result<(), DevError>,
) -> (Tensor<A, Real, Dev>, Tensor<B, Real, Dev>) {
    let mut a = run(|| device().try_zeros_like(&first));
    let b = filled(second, |b| {
        change(&mut a, |a| fill(a, b));
        Ok(())
    });
    (a, b)
}

/// Lets `f` change the values of a contiguous tensor; others that share its storage keep what they have.
///
/// # Panics
/// If the device fails.
pub fn change<S: Shape>(tensor: &mut Tensor<S, Real, Dev>, f: impl FnOnce(Out) -> Result<(), DevError>) {
    run(|| try_change(tensor, f));
}

/// [`change`], where what `f` does may fail otherwise, too.
///
/// # Errors
/// That of `f`, or of the device.
pub fn try_change<S: Shape, E: From<DevError>>(
    tensor: &mut Tensor<S, Real, Dev>,
    f: impl FnOnce(Out) -> Result<(), E>,
) -> Result<(), E> {
    if let Some(storage) = view_mut(tensor) {
        return f(Out::of(storage));
    }
    if tensor.shape().num_elements() == 0 {
        return f(Out::of(&mut zeros(0)?));
    }
    let mut storage = upload(tensor.as_vec())?;
    f(Out::of(&mut storage))?;
    tensor.copy_from(&download(&storage)?);
    Ok(())
}

/// `to = from`, of as many values.
///
/// # Panics
/// If the device fails.
pub fn copy<S: Shape>(to: &mut Tensor<S, Real, Dev>, from: &Tensor<S, Real, Dev>) {
    change(to, |to| elementwise::copy_to(to.len(), stored(from)?.read(), to));
}

/// `to += from`
///
/// # Errors
/// If the device refuses.
pub fn plus(to: Added, from: &Array) -> Result<(), DevError> {
    elementwise::add_to(to.len(), In::of(from), to)
}

/// A copy on the host. It waits for all work before it.
///
/// # Errors
/// If the device refuses.
#[cfg(feature = "cuda")]
pub fn download<T: Unit>(array: &Buffer<T>) -> Result<Vec<T>, DevError> {
    match len(array) {
        0 => Ok(Vec::new()),
        _ => Ok(array.device().dtoh_sync_copy(array)?),
    }
}

/// A copy on the host.
///
/// # Errors
/// None.
#[cfg(not(feature = "cuda"))]
pub fn download<T: Unit>(array: &Buffer<T>) -> Result<Vec<T>, DevError> {
    Ok(array.to_vec())
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

/// Number of values.
pub fn len<T: Unit>(array: &Array<T>) -> usize {
    In::of(array).len()
}

/// The storage of a gradient, as the backward operations of kernels see it.
pub trait GradientBuffer {
    /// Takes the gradient out (of an intermediate value, which nobody else will ask for).
    fn take(&mut self) -> Result<Taken, DevError>;
    /// Adds to the gradient in place.
    fn update(&mut self, f: impl FnOnce(Added) -> Result<(), DevError>) -> Result<(), DevError>;
}

impl GradientBuffer for Buffer {
    fn take(&mut self) -> Result<Taken, DevError> {
        // What is left is freed with the other gradients; what is taken as soon as it has been used.
        Ok(std::mem::replace(self, zeros(0)?))
    }
    fn update(&mut self, f: impl FnOnce(Added) -> Result<(), DevError>) -> Result<(), DevError> {
        f(Out::of(self))
    }
}
