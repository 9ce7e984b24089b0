//! A GPU in software: what a program needs of CUDA's driver (`libcuda.so.1`), of cuBLAS (`libcublas.so.13`), of NVRTC
//! (`libnvrtc.so.13`) and of NCCL (`libnccl.so.2`), in one library that runs kernels by interpreting their PTX on the CPU.
//!
//! It is there to find mistakes, not to be fast. Every access to memory is checked: device memory has to be allocated, still
//! alive, aligned, and written before it is read; memory must not be written by one thread and used by another without a barrier
//! between them; barriers and exchanges within a warp have to be met by all threads that they are for. A kernel that breaks a rule
//! or runs an instruction that is not known here ends the program with a message that names kernel, block, thread and instruction.
//!
//! Programs link against the module [`api`], which alone has `unsafe` code. [`ptx`] reads kernels into the instructions of
//! [`isa`], [`machine`] runs them on [`memory`], and in a [`group`] processes add up what they have.

#![deny(unsafe_code)]

#[allow(unsafe_code)]
pub mod api;
pub mod fault;
pub mod gemm;
pub mod group;
pub mod isa;
pub mod machine;
pub mod memory;
pub mod ptx;
pub mod race;
