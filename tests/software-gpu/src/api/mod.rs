//! What programs link against.

mod cublas;
mod device;
mod driver;
mod nccl;
mod nvrtc;
