//! Panics as findings.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Outcome, Violation};

/// The result of `f`, or what it panicked with.
pub(super) fn caught<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| words(&*payload))
}

/// The outcome, a panic being a failure.
pub(super) fn outcome(f: impl FnOnce() -> Outcome) -> Outcome {
    caught(f).unwrap_or_else(|words| Outcome::Failed(Violation::told(format!("it panicked: {words}"))))
}

fn words(payload: &(dyn Any + Send)) -> String {
    let told = payload.downcast_ref::<&str>().map(ToString::to_string);
    told.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without words".into())
}
