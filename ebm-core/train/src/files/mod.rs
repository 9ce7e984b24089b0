//! Files that survive the death of the process, and appear whole or not at all.

mod atomic;
pub mod durable;

pub use atomic::write_atomically;
