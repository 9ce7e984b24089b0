//! The memory allocator of every program that is built on this library.
//!
//! A training step allocates and frees many buffers of some hundred kilobytes. glibc gives such buffers back to the
//! system each time, and the page faults of getting them anew cost more than the arithmetic.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
