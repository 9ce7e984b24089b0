//! What programs link against.

mod call;
mod cublas;
mod device;
mod driver;
mod nccl;
mod nvrtc;
