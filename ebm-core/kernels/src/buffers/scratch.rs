//! Working memory of a thread, kept from one operation to the next.
//!
//! Getting large buffers from the system anew costs more in page faults than filling them.

use std::cell::RefCell;

use crate::device::Real;

thread_local! {
    static BUFFER: RefCell<Vec<Real>> = const { RefCell::new(Vec::new()) };
}

/// Calls `f` with `count` values of whatever was there before.
///
/// Inside `f` there must be no other such call on this thread, and nothing that waits for other threads' work.
pub(crate) fn scratch<R>(count: usize, f: impl FnOnce(&mut [Real]) -> R) -> R {
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.len() < count {
            buffer.resize(count, 0.0);
        }
        f(&mut buffer[..count])
    })
}
