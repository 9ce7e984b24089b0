//! What operations and their kernels are written with.

// Some are used in tests alone, or where kernels run on the host.
#![allow(unused_imports)]

pub(crate) use dfdx::prelude::*;

pub(crate) use crate::buffers;
pub(crate) use crate::buffers::native::{Array, *};
pub(crate) use crate::check;
pub(crate) use crate::device::*;
pub(crate) use crate::gemm::{self, Factor};
#[cfg(device_kernels)]
pub(crate) use crate::gpu::kernels;
pub(crate) use crate::math::{add, vectorised};
pub(crate) use crate::record::{record, record_binary, record_unary};
pub(crate) use crate::selftest::{Case, Operation, Quantity, beside, matrix, numbers, scaled, vector};
pub(crate) use crate::tape::{SharedTape, Taped, backward, vjp};
pub(crate) use crate::{Epilogue, Extent};
