//! Ending a long computation before it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use thiserror::Error;

/// A request to end a computation, which another thread or a signal may make at any time.
///
/// ```
/// # use ebm_train::Cancel;
/// let cancel = Cancel::default();
/// assert!(cancel.check().is_ok());
/// cancel.request();
/// assert!(cancel.is_requested() && cancel.check().is_err());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A request that is made by setting the flag.
    pub fn by(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Makes the request, for all clones.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the request was made.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error once the request was made: for every round of a long loop.
    ///
    /// # Errors
    /// [`Cancelled`], once the request was made.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_requested() { Err(Cancelled) } else { Ok(()) }
    }
}

/// A computation was asked to end before it was done.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("interrupted before it was done")]
pub struct Cancelled;
