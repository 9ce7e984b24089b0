//! Kernels that run where the tensors live.
//!
//! Their sources are in `gpu/kernels`. With the feature `cuda` they run on dfdx's CUDA device, on the one stream on which it does
//! its own work; with `cuda-emulation` the same sources, compiled for the host, run on the CPU, so that every test of the
//! operations is one of the kernels.
//!
//! A kernel is declared once by [`kernels!`], with the lengths of its arrays, which the generated function checks: what a kernel
//! may touch is what its caller has borrowed. Arrays are [`Buffer`]s, dfdx's own storage, lent as [`In`] and [`Out`].

pub(crate) mod activation;
mod argument;
pub(crate) mod batch_norm;
pub(crate) mod channels;
pub(crate) mod columns;
pub(crate) mod combine;
pub(crate) mod confine;
pub(crate) mod conv;
pub(crate) mod cross_entropy;
mod declare;
pub(crate) mod directions;
pub(crate) mod elementwise;
pub(crate) mod ending;
pub(crate) mod figures;
pub(crate) mod fold;
pub(crate) mod fourier;
pub(crate) mod gemm;
pub(crate) mod images;
mod inverse;
pub(crate) mod jacobian;
mod launch;
mod memory;
pub(crate) mod monotone;
#[cfg(feature = "nccl")]
pub(crate) mod nccl;
pub(crate) mod optim;
// On the CPU, also where kernels are emulated, draws are those of the host.
#[cfg_attr(not(any(feature = "cuda", test)), expect(dead_code))]
pub(crate) mod philox;
#[cfg(feature = "cuda")]
mod pool;
pub(crate) mod reduce;
pub(crate) mod residual;
pub(crate) mod rows;
pub(crate) mod scratch;
pub(crate) mod smallest;
pub(crate) mod spectral;

pub(crate) use argument::Argument;
pub(crate) use declare::kernels;
pub(crate) use inverse::Inverse;
pub(crate) use memory::{Buffer, In, Out, upload, zeros};
