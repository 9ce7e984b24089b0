//! Products by cuBLAS.
//!
//! In single precision cuBLAS rounds as the CPU does: it takes the shorter numbers of tensor cores (TF32) only where it is told
//! to, and it is not.

#![allow(unsafe_code)]
use cudarc::cublas::sys::cublasOperation_t::{CUBLAS_OP_N, CUBLAS_OP_T};
use cudarc::cublas::{CudaBlas, Gemm, GemmConfig};
use cudarc::driver::sys::CUdeviceptr;
use cudarc::driver::{DevicePtr, DevicePtrMut, DeviceSlice};
use std::cell::OnceCell;

use super::Factor;
use crate::gpu::{Argument as _, driver};
use crate::prelude::*;

pub fn run(a: Factor, b: Factor, c: Out, adds: bool) -> DevResult {
    let size = |n: usize| {
        i32::try_from(n).unwrap_or_else(|_| panic!("a matrix of {n} rows or columns: cuBLAS counts to 2^31"))
    };
    let operation = |factor: &Factor| if factor.transposed { CUBLAS_OP_T } else { CUBLAS_OP_N };
    // cuBLAS stores by columns: what it takes for c is the transpose, b^T a^T, whose factors are stored as they should be.
    let config = GemmConfig {
        transa: operation(&b),
        transb: operation(&a),
        m: size(b.shape().1),
        n: size(a.shape().0),
        k: size(a.shape().1),
        alpha: 1.0,
        lda: size(b.stride.max(1)),
        ldb: size(a.stride.max(1)),
        beta: if adds { 1.0 } else { 0.0 },
        ldc: size(b.shape().1),
    };
    let [a, b] = [a, b].map(|factor| Lent(factor.values.raw(), factor.values.len()));
    let mut c = Lent(c.raw(), c.len());
    with(|blas| {
        // SAFETY: `Factor::new` and `run` checked the lengths against the sizes; the arrays are borrowed until the product is
        // queued, and all later uses, freeing included, are queued behind it on the same stream.
        Ok(unsafe { blas.gemm(config, &b, &a, &mut c) }?)
    })
}

thread_local! {
    /// Making a handle takes far longer than using it.
    static HANDLE: OnceCell<CudaBlas> = const { OnceCell::new() };
}

/// Calls `f` with this thread's handle, which queues its work on dfdx's stream.
fn with<R>(f: impl FnOnce(&CudaBlas) -> DevResult<R>) -> DevResult<R> {
    HANDLE.with(|known| match known.get() {
        Some(handle) => f(handle),
        None => {
            let handle = CudaBlas::new(driver()?)?;
            f(known.get_or_init(|| handle))
        }
    })
}

/// A lent array as cuBLAS's wrapper wants it: where it is, and how long.
struct Lent(CUdeviceptr, usize);

impl DeviceSlice<Real> for Lent {
    fn len(&self) -> usize {
        self.1
    }
}

impl DevicePtr<Real> for Lent {
    fn device_ptr(&self) -> &CUdeviceptr {
        &self.0
    }
}

impl DevicePtrMut<Real> for Lent {
    fn device_ptr_mut(&mut self) -> &mut CUdeviceptr {
        &mut self.0
    }
}
