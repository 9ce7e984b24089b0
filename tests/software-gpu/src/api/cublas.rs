//! cuBLAS: handles, and products of matrices in single and double precision.

// The functions are documented by NVIDIA, whose names they have.
#![allow(non_snake_case, clippy::missing_safety_doc, clippy::too_many_arguments)]

use super::device::{complain, device};
use super::driver::has_context;
use crate::gemm::{Number, Sizes};
use std::ffi::{c_int, c_uint, c_void};

type Status = c_uint;

const SUCCESS: Status = 0;
const NOT_INITIALIZED: Status = 1;
const INVALID_VALUE: Status = 7;
const EXECUTION_FAILED: Status = 13;

const HANDLE: usize = 0xb1a5;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasCreate_v2(handle: *mut *mut c_void) -> Status {
    if has_context("cublasCreate").is_err() {
        return NOT_INITIALIZED;
    }
    if handle.is_null() {
        return INVALID_VALUE;
    }
    // SAFETY: the caller's pointer, which is not null.
    unsafe { handle.write(std::ptr::without_provenance_mut(HANDLE)) };
    SUCCESS
}

fn check(handle: *mut c_void) -> Status {
    if handle.addr() == HANDLE {
        SUCCESS
    } else {
        NOT_INITIALIZED
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn cublasDestroy_v2(handle: *mut c_void) -> Status {
    check(handle)
}

#[unsafe(no_mangle)]
pub extern "C" fn cublasSetStream_v2(handle: *mut c_void, _stream: *mut c_void) -> Status {
    check(handle)
}

/// Only the host's pointers to `alpha` and `beta` are known, which is how handles start.
#[unsafe(no_mangle)]
pub extern "C" fn cublasSetPointerMode_v2(handle: *mut c_void, mode: c_uint) -> Status {
    if mode == 0 { check(handle) } else { INVALID_VALUE }
}

/// How products are rounded does not depend on it here.
#[unsafe(no_mangle)]
pub extern "C" fn cublasSetMathMode(handle: *mut c_void, _mode: c_uint) -> Status {
    check(handle)
}

struct Product<T> {
    name: &'static str,
    transposes: [c_uint; 2],
    sizes: [c_int; 3],
    leading: [c_int; 3],
    alpha: *const T,
    beta: *const T,
    matrices: [u64; 3],
    /// From one matrix to the next, in numbers.
    strides: [i64; 3],
    count: c_int,
}

/// # Safety
/// `alpha` and `beta` are null, or valid for reads.
unsafe fn multiply<T: Number>(handle: *mut c_void, product: Product<T>) -> Status {
    if check(handle) != SUCCESS {
        return NOT_INITIALIZED;
    }
    if has_context(product.name).is_err() {
        return NOT_INITIALIZED;
    }
    let natural = |n: c_int| usize::try_from(n).ok();
    let transposes = |operation| match operation {
        0 => Some(false),
        // Transposed; conjugate too, which is the same for real numbers.
        1 | 2 => Some(true),
        _ => None,
    };
    let sizes = || {
        Some(Sizes {
            transposes_a: transposes(product.transposes[0])?,
            transposes_b: transposes(product.transposes[1])?,
            m: natural(product.sizes[0])?,
            n: natural(product.sizes[1])?,
            k: natural(product.sizes[2])?,
            lda: natural(product.leading[0])?,
            ldb: natural(product.leading[1])?,
            ldc: natural(product.leading[2])?,
        })
    };
    let (Some(sizes), Some(count)) = (sizes().filter(Sizes::are_valid), natural(product.count)) else {
        let given = format!("sizes {:?}, leading dimensions {:?}", product.sizes, product.leading);
        complain(product.name, &crate::fault::Fault(given));
        return INVALID_VALUE;
    };
    if product.alpha.is_null() || product.beta.is_null() {
        return INVALID_VALUE;
    }
    // SAFETY: by the caller's contract, and they are not null.
    let (alpha, beta) = unsafe { (product.alpha.read(), product.beta.read()) };
    let mut device = device();
    for i in 0..count {
        let at = |which: usize| {
            let stride = product.strides[which] * T::WIDTH as i64;
            product.matrices[which].wrapping_add_signed(stride * i as i64)
        };
        if let Err(fault) = device.multiply(sizes, alpha, (at(0), at(1)), beta, at(2)) {
            complain(product.name, &fault);
            return EXECUTION_FAILED;
        }
    }
    SUCCESS
}

macro_rules! products {
    ($one:ident, $many:ident, $number:ty) => {
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $one(
            handle: *mut c_void,
            transa: c_uint,
            transb: c_uint,
            m: c_int,
            n: c_int,
            k: c_int,
            alpha: *const $number,
            a: u64,
            lda: c_int,
            b: u64,
            ldb: c_int,
            beta: *const $number,
            c: u64,
            ldc: c_int,
        ) -> Status {
            let product = Product {
                name: stringify!($one),
                transposes: [transa, transb],
                sizes: [m, n, k],
                leading: [lda, ldb, ldc],
                alpha,
                beta,
                matrices: [a, b, c],
                strides: [0; 3],
                count: 1,
            };
            // SAFETY: the caller's pointers, as NVIDIA documents them.
            unsafe { multiply(handle, product) }
        }

        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $many(
            handle: *mut c_void,
            transa: c_uint,
            transb: c_uint,
            m: c_int,
            n: c_int,
            k: c_int,
            alpha: *const $number,
            a: u64,
            lda: c_int,
            stride_a: i64,
            b: u64,
            ldb: c_int,
            stride_b: i64,
            beta: *const $number,
            c: u64,
            ldc: c_int,
            stride_c: i64,
            count: c_int,
        ) -> Status {
            let product = Product {
                name: stringify!($many),
                transposes: [transa, transb],
                sizes: [m, n, k],
                leading: [lda, ldb, ldc],
                alpha,
                beta,
                matrices: [a, b, c],
                strides: [stride_a, stride_b, stride_c],
                count,
            };
            // SAFETY: the caller's pointers, as NVIDIA documents them.
            unsafe { multiply(handle, product) }
        }
    };
}
products!(cublasSgemm_v2, cublasSgemmStridedBatched, f32);
products!(cublasDgemm_v2, cublasDgemmStridedBatched, f64);
