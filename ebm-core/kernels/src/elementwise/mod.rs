//! Arithmetic on arrays, element by element: what buffers and operations are made of.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

pub(crate) use backend::*;
