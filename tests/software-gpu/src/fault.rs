//! What a program did wrong.

use std::fmt;

/// A rule that was broken, told to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Returns a [`Fault`] with a formatted message.
#[macro_export]
macro_rules! fault {
    ($($format:tt)*) => {
        return Err($crate::fault::Fault::new(format!($($format)*)))
    };
}
