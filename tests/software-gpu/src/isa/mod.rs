//! The instruction set: types, what instructions compute, and kernels as they are run.

pub mod instruction;
pub mod module;
pub mod operation;
pub mod ty;
