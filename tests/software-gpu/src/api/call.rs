//! The common part of all libraries' functions: how they are declared, and how they fail.

use super::device::complain;
use crate::fault::Fault;
use std::ffi::{CStr, c_char, c_uint};
use std::mem::MaybeUninit;

/// The result of a function: zero for success, else an error code of the library.
pub type Status = c_uint;
pub const SUCCESS: Status = 0;

/// A pointer to where the caller wants a result, which may be null.
pub type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// The reason why a function fails.
pub enum Failure {
    /// A pointer is null.
    Null,
    /// An error that a correct program may run into.
    Error(Status),
    /// A mistake of the program, which is reported.
    Mistake(Status, Fault),
}

pub type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub fn mistake(status: Status, why: impl Into<String>) -> Self {
        Self::Mistake(status, Fault(why.into()))
    }

    /// Turns faults into mistakes of the program, with the status to return.
    pub fn with(status: Status) -> impl Fn(Fault) -> Self {
        move |fault| Self::Mistake(status, fault)
    }
}

/// Writes a result to the caller's pointer.
pub fn put<T>(to: Out<T>, value: T) -> Outcome {
    to.ok_or(Failure::Null)?.write(value);
    Ok(())
}

/// Reads a text of the caller's.
///
/// # Safety
/// The pointer is null, or the text ends with a zero and stays as it is for `'a`.
pub unsafe fn text<'a>(text: *const c_char) -> Outcome<&'a CStr> {
    if text.is_null() {
        return Err(Failure::Null);
    }
    // SAFETY: by the caller's contract, and it is not null.
    Ok(unsafe { CStr::from_ptr(text) })
}

/// Reports a mistake, and returns the status of the outcome.
pub fn finish(function: &str, outcome: Outcome, null: Status) -> Status {
    match outcome {
        Ok(()) => SUCCESS,
        Err(Failure::Null) => null,
        Err(Failure::Error(status)) => status,
        Err(Failure::Mistake(status, fault)) => {
            complain(function, &fault);
            status
        }
    }
}

/// Declares functions of a library, which NVIDIA documents. Their bodies are outcomes, and so is what comes
/// `before` all of them; `null` is the status for null pointers.
///
/// Trailing arguments that nobody reads, such as streams, need not be declared: by the C ABI, they are the caller's. So functions
/// that differ in nothing else are aliases of one.
macro_rules! exports {
    (null: $null:expr; before: $before:expr; $(
        $(#[$attribute:meta])*
        fn $name:ident $arguments:tt $(alias $($alias:ident)+)? = $body:expr;
    )*) => {$(
        $crate::api::call::exports! { @one $null, $before, [$(#[$attribute])*], $name, $arguments, $body }
        $($($crate::api::call::exports! { @one $null, $before, [], $alias, $arguments, $body })+)?
    )*};
    (@one $null:expr, $before:expr, [$($attribute:tt)*], $name:ident, ($($argument:ident: $ty:ty),* $(,)?), $body:expr) => {
        $($attribute)*
        ///
        /// # Safety
        /// Pointers are null or as NVIDIA documents them.
        #[unsafe(no_mangle)]
        #[allow(clippy::too_many_arguments)]
        pub unsafe extern "C" fn $name($($argument: $ty),*) -> $crate::api::call::Status {
            let body = || -> $crate::api::call::Outcome { $body };
            let outcome = $before.and_then(|()| body());
            $crate::api::call::finish(stringify!($name), outcome, $null)
        }
    };
}
pub(crate) use exports;

/// Declares the statuses of a library, and a function that gives their texts.
macro_rules! statuses {
    ($($name:ident = $number:literal, $text:literal;)* _ = $unknown:literal;) => {
        $(const $name: $crate::api::call::Status = $number;)*

        fn text_of(status: $crate::api::call::Status) -> &'static std::ffi::CStr {
            match status {
                0 => c"no error",
                $($number => $text,)*
                _ => $unknown,
            }
        }
    };
}
pub(crate) use statuses;
