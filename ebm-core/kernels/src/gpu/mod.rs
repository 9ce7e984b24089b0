//! The infrastructure of device kernels: memory, launching, lists of indices.
//!
//! The sources of the kernels, in C++, stand beside the operations. With the feature `cuda` they run on dfdx's CUDA device, on
//! the one stream on which it does its own work; with `cuda-emulation` the same sources, compiled for the host, run on the CPU,
//! so that every test of the operations is one of the kernels.
//!
//! A kernel is declared once by [`kernels!`], with the lengths of its arrays, which the generated function checks: what a kernel
//! may touch is what its caller has borrowed. Arrays are [`Buffer`]s, dfdx's own storage, lent as [`In`] and [`Out`].

mod argument;
mod declare;
mod inverse;
pub(crate) mod launch;
mod memory;
#[cfg(feature = "nccl")]
pub mod nccl;

pub(crate) use argument::{Argument, by_value};
pub(crate) use declare::kernels;
pub(crate) use inverse::Inverse;
#[cfg(feature = "cuda")]
pub(crate) use launch::driver;
pub use memory::{Buffer, In, Out, download, upload, view, view_mut, zeros};
