//! Running kernels.

mod block;
mod exchange;
mod launch;
mod thread;

pub use launch::{Grid, Launch, Order};
