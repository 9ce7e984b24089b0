//! Arrays where the operations' own kernels run: slices on the CPU, memory of the device in a build with device kernels.
//!
//! An operation that has both versions is wired to the tape once, in terms of these; its `cpu` and `gpu` modules have functions
//! of the same names, which take them for what they are.

#[cfg(device_kernels)]
mod device;
#[cfg(not(device_kernels))]
mod host;

#[cfg(feature = "nccl")]
pub use device::try_change;
#[cfg(device_kernels)]
pub use device::{
    Added, Array, GradientBuffer, Stored, Taken, change, copy, download, filled, filled_two, from_host, len, plus, run,
    stored, to_host,
};
#[cfg(not(device_kernels))]
pub use host::{Added, Array, GradientBuffer, Taken, copy, from_host, len, plus, to_host};
