//! The kinds of arguments that kernels take.

use dfdx::prelude::Unit;

use super::memory::{In, Out};

/// An argument of a kernel, and the form in which it is passed.
pub(crate) trait Argument {
    /// The kernel's parameter, bit by bit.
    #[cfg(feature = "cuda")]
    type Raw: cudarc::driver::DeviceRepr;
    /// The kernel's parameter, bit by bit.
    #[cfg(not(feature = "cuda"))]
    type Raw: Copy;

    /// The argument in that form.
    fn raw(&self) -> Self::Raw;
}

/// Numbers are passed as they are.
macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Argument for $number {
            type Raw = $number;
            fn raw(&self) -> $number {
                *self
            }
        }
    )*};
}
numbers!(u32, u64, i32, usize, f32, f64);

/// Structures of numbers, laid out as in C, are passed as they are, too.
macro_rules! by_value {
    ($structure:ty) => {
        impl $crate::gpu::Argument for $structure {
            type Raw = $structure;
            fn raw(&self) -> $structure {
                *self
            }
        }
        // SAFETY: a C structure of numbers is valid on the device bit by bit.
        #[cfg(feature = "cuda")]
        #[allow(unsafe_code)]
        unsafe impl cudarc::driver::DeviceRepr for $structure {}
    };
}
pub(crate) use by_value;

/// Arrays are passed as their addresses on the device.
macro_rules! addresses {
    ($($array:ident: $pointer:ty),*) => {$(
        impl<T: Unit> Argument for $array<'_, T> {
            #[cfg(feature = "cuda")]
            type Raw = u64;
            #[cfg(not(feature = "cuda"))]
            type Raw = $pointer;
            fn raw(&self) -> Self::Raw {
                self.start() as Self::Raw
            }
        }
    )*};
}
addresses!(In: *const T, Out: *mut T);
