//! The error of everything here: a rule that the program broke, described to a person.

use std::fmt;

/// A broken rule. Nothing reacts to the kind of mistake, so it is a message and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Returns a [`Fault`] with a formatted message.
macro_rules! fault {
    ($($format:tt)*) => {
        return Err($crate::fault::Fault(format!($($format)*)))
    };
}
pub(crate) use fault;
