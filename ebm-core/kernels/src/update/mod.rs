//! What optimisers do to arrays where they are: norms, sums, updates.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;
mod step;

#[cfg(not(device_kernels))]
pub use cpu::*;
#[cfg(device_kernels)]
pub use gpu::*;
pub use step::Step;

/// Whether arrays are where kernels of the device run, and are summed there.
pub const ON_DEVICE: bool = cfg!(device_kernels);
