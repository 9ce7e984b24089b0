//! Arrays where the kernels run, and how they are lent to them.

#![allow(unsafe_code)]

#[cfg(feature = "cuda")]
use cudarc::driver::{DevicePtr, DevicePtrMut, DeviceSlice};
use dfdx::prelude::*;
use std::marker::PhantomData;
use std::ops::Range;

use crate::device::{Dev, DevResult, Real, device};

/// An array that owns its memory: dfdx's storage, which it frees or reuses in the order of its stream.
pub type Buffer<T = Real> = <Dev as Storage<T>>::Vec;

/// An array of `n` zeros.
pub fn zeros<T: Unit>(n: usize) -> DevResult<Buffer<T>> {
    device().try_alloc_len(n)
}

/// An array of these values.
pub fn upload<T: Unit>(values: Vec<T>) -> DevResult<Buffer<T>> {
    let mut buffer = zeros(values.len())?;
    #[cfg(feature = "cuda")]
    if !values.is_empty() {
        buffer.device().htod_copy_into(values, &mut buffer)?;
    }
    #[cfg(not(feature = "cuda"))]
    buffer.copy_from_slice(&values);
    Ok(buffer)
}

/// A copy on the host. It waits for all work before it.
pub fn download<T: Unit>(array: &Buffer<T>) -> DevResult<Vec<T>> {
    #[cfg(feature = "cuda")]
    return match array.len() {
        0 => Ok(Vec::new()),
        _ => Ok(array.device().dtoh_sync_copy(array)?),
    };
    #[cfg(not(feature = "cuda"))]
    Ok(array.to_vec())
}

/// All of an array, to be read by a kernel.
pub fn view<T: Unit>(array: &Buffer<T>) -> In<'_, T> {
    #[cfg(feature = "cuda")]
    let (start, len) = (*DevicePtr::device_ptr(array) as usize as *const T, array.len());
    #[cfg(not(feature = "cuda"))]
    let (start, len) = (array.as_ptr(), array.len());
    In::new(start, len)
}

/// All of an array, to be written by a kernel.
pub fn view_mut<T: Unit>(array: &mut Buffer<T>) -> Out<'_, T> {
    let len = array.len();
    #[cfg(feature = "cuda")]
    let start = *DevicePtrMut::device_ptr_mut(array) as usize as *mut T;
    #[cfg(not(feature = "cuda"))]
    let start = array.as_mut_ptr();
    Out::new(start, len)
}

/// A stretch of an array that a kernel reads.
#[derive(Clone, Copy)]
pub struct In<'a, T = Real> {
    start: *const T,
    len: usize,
    borrowed: PhantomData<&'a T>,
}

/// A stretch of an array that a kernel writes, or adds to.
pub struct Out<'a, T = Real> {
    start: *mut T,
    len: usize,
    borrowed: PhantomData<&'a mut T>,
}

impl<'a, T: Unit> In<'a, T> {
    /// No elements, which kernels see as a null pointer.
    pub fn none() -> Self {
        Self::new(std::ptr::null(), 0)
    }

    fn new(start: *const T, len: usize) -> Self {
        Self { start, len, borrowed: PhantomData }
    }

    /// Some of it.
    ///
    /// # Panics
    /// If there is no such range.
    pub fn part(self, range: Range<usize>) -> Self {
        let (start, len) = cut(self.start, self.len, range);
        Self::new(start, len)
    }

    /// Number of elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Its address on the device.
    pub(crate) fn start(&self) -> *const T {
        self.start
    }

    /// The elements, where the device is the host.
    #[cfg(not(feature = "cuda"))]
    pub(crate) fn slice(&self) -> &'a [T] {
        // SAFETY: begun and cut by `view` and `part`, these are elements of a vector that is borrowed for `'a`.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl<T: Unit> Out<'_, T> {
    fn new(start: *mut T, len: usize) -> Self {
        Self { start, len, borrowed: PhantomData }
    }

    /// Some of it, which is lent on.
    ///
    /// # Panics
    /// If there is no such range.
    pub fn part(&mut self, range: Range<usize>) -> Out<'_, T> {
        let (start, len) = cut(self.start.cast_const(), self.len, range);
        Out::new(start.cast_mut(), len)
    }

    /// All of it, which is lent on.
    pub fn again(&mut self) -> Out<'_, T> {
        Out::new(self.start, self.len)
    }

    /// To be read by a kernel.
    pub fn as_in(&self) -> In<'_, T> {
        In::new(self.start, self.len)
    }

    /// Number of elements.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Its address on the device.
    pub(crate) fn start(&self) -> *mut T {
        self.start
    }

    /// The elements, where the device is the host.
    #[cfg(not(feature = "cuda"))]
    pub(crate) fn slice(&mut self) -> &mut [T] {
        // SAFETY: begun and cut by `view` and `part`, these are elements of a vector that is borrowed for writing, by this one
        // alone: it can be lent on, but not copied.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

/// A range of what begins at `start`. The address is only computed: nothing is read on the host.
fn cut<T>(start: *const T, len: usize, range: Range<usize>) -> (*const T, usize) {
    assert!(range.start <= range.end && range.end <= len, "elements {range:?} of {len} on the device");
    (start.wrapping_add(range.start), range.end - range.start)
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    #[test]
    fn a_part_begins_where_it_is_said_to() {
        let mut buffer = upload::<Real>(vec![1.0, 2.0, 3.0, 4.0]).unwrap();
        let address = buffer.as_ptr();
        let part = view(&buffer).part(1..4).part(1..2);
        assert_eq!((part.start(), part.len()), (address.wrapping_add(2), 1));
        assert_eq!(view(&buffer).part(1..4).part(1..2).slice(), [3.0]);
        let mut all = view_mut(&mut buffer);
        assert_eq!(all.part(1..3).slice(), [2.0, 3.0]);
        assert_eq!(all.part(3..3).len(), 0);
        assert_eq!(all.part(2..4).as_in().start(), address.wrapping_add(2));
        assert_eq!(all.again().len(), 4);
    }

    #[test]
    #[should_panic(expected = "elements 1..5 of 4 on the device")]
    fn a_part_is_inside_its_array() {
        let buffer = upload::<Real>(vec![0.0; 4]).unwrap();
        let _ = view(&buffer).part(1..5);
    }
}
