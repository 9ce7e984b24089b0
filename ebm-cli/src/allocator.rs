//! The memory allocator that a program built on this library should have.

/// The allocator to declare in the program, since only one crate of a program may, and the program may want another:
///
/// ```
/// #[global_allocator]
/// static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;
/// ```
///
/// A training step allocates and frees many buffers of some hundred kilobytes. glibc gives such buffers back to the
/// system each time, and the page faults of getting them anew cost more than the arithmetic.
pub use mimalloc::MiMalloc as Allocator;
