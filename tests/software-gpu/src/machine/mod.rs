//! Running kernels.

pub mod arithmetic;
mod block;
mod convert;
mod exchange;
pub mod instruction;
mod launch;
mod shared;
mod thread;

pub use convert::conversion;
pub use launch::{Grid, Launch, Order};
