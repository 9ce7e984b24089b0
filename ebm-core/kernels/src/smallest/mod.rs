//! The smallest singular pair of each Jacobian of a batch, from products with J^T J alone: the state of the iteration (LOBPCG,
//! Knyazev, SIAM J. Sci. Comput. 23, 2001).

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
pub use cpu::Iteration;
#[cfg(device_kernels)]
pub use gpu::Iteration;

/// Relative size below which what is left of a vector is rounding error of the products.
const NOISE: f64 = if crate::device::DOUBLE_PRECISION { 1e-8 } else { 1e-3 };
