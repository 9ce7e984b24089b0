//! Working memory on the device, kept from one operation to the next.

use std::cell::RefCell;

use super::{Buffer, Out, zeros};
use crate::device::DevResult;

thread_local! {
    static KEPT: RefCell<Option<Buffer>> = const { RefCell::new(None) };
}

/// Calls `f` with `count` values of whatever was there before. Inside `f` there must be no other such call.
///
/// All work of a thread is queued on one stream, so what the next caller writes comes after what `f` has queued.
pub(crate) fn scratch(count: usize, f: impl FnOnce(Out) -> DevResult) -> DevResult {
    KEPT.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|buffer| super::In::of(buffer).len() < count) {
            // What is too small is given back first.
            *kept = None;
            *kept = Some(zeros(count)?);
        }
        match kept {
            Some(buffer) => f(Out::of(buffer).part(0..count)),
            None => Ok(()),
        }
    })
}
