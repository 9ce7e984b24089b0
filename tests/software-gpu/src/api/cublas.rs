//! cuBLAS: handles, and products of matrices in single and double precision.

use super::call::{Failure, Out, Outcome, exports, put};
use super::{device::device, driver::current_device};
use crate::gemm::{Number, Sizes};
use std::ffi::{c_int, c_uint, c_void};
use std::ptr::without_provenance_mut;

const NOT_INITIALIZED: c_uint = 1;
const INVALID_VALUE: c_uint = 7;
const EXECUTION_FAILED: c_uint = 13;

type Handle = *mut c_void;
const HANDLE: usize = 0xb1a5;

fn check(handle: Handle) -> Outcome {
    match handle.addr() {
        HANDLE => Ok(()),
        _ => Err(Failure::Error(NOT_INITIALIZED)),
    }
}

exports! {
    null: INVALID_VALUE;
    before: Ok(());

    fn cublasCreate_v2(handle: Out<Handle>) = {
        current_device(NOT_INITIALIZED)?;
        put(handle, without_provenance_mut(HANDLE))
    };

    /// The stream and the math mode make no difference here.
    fn cublasDestroy_v2(handle: Handle) alias cublasSetStream_v2 cublasSetMathMode = check(handle);

    /// Only pointers of the host to `alpha` and `beta` are supported, which is the default.
    fn cublasSetPointerMode_v2(handle: Handle, mode: c_uint) = {
        match mode {
            0 => check(handle),
            _ => Err(Failure::Error(INVALID_VALUE)),
        }
    };
}

/// Checks sizes as cuBLAS takes them. The error names them.
fn sizes(operations: [c_uint; 2], sizes: [c_int; 3], leading: [c_int; 3]) -> Result<Sizes, String> {
    let found = Sizes {
        // 0 is as stored; 1 and 2 are transposed and conjugate too, which is the same for real numbers.
        transposed: operations.map(|operation| operation > 0),
        sizes: sizes.map(|n| n as usize),
        leading: leading.map(|n| n as usize),
    };
    let known = operations.iter().all(|operation| *operation <= 2);
    match known && sizes.iter().chain(&leading).all(|n| *n >= 0) && found.are_valid() {
        true => Ok(found),
        false => Err(format!("operations {operations:?}, sizes {sizes:?}, leading dimensions {leading:?}")),
    }
}

/// Computes `count` products of matrices, which are given by the address of the first and the stride, in numbers, to the next.
fn multiply<T: Number>(
    handle: Handle,
    sizes: Result<Sizes, String>,
    factors: [Option<&T>; 2],
    matrices: [(u64, i64); 3],
    count: c_int,
) -> Outcome {
    check(handle)?;
    current_device(NOT_INITIALIZED)?;
    let sizes = sizes.map_err(|given| Failure::mistake(INVALID_VALUE, given))?;
    let [Some(alpha), Some(beta)] = factors else {
        return Err(Failure::Null);
    };
    let mut device = device();
    for i in 0..i64::from(count) {
        let [a, b, c] = matrices.map(|(start, stride)| start.wrapping_add_signed(stride * i * T::TY.bytes() as i64));
        device.multiply(sizes, *alpha, (a, b), *beta, c).map_err(Failure::with(EXECUTION_FAILED))?;
    }
    Ok(())
}

macro_rules! products {
    ($one:ident, $many:ident, $number:ty) => {
        exports! {
            null: INVALID_VALUE;
            before: Ok(());

            fn $one(
                handle: Handle,
                transa: c_uint, transb: c_uint,
                m: c_int, n: c_int, k: c_int,
                alpha: Option<&$number>,
                a: u64, lda: c_int,
                b: u64, ldb: c_int,
                beta: Option<&$number>,
                c: u64, ldc: c_int,
            ) = {
                let sizes = sizes([transa, transb], [m, n, k], [lda, ldb, ldc]);
                multiply(handle, sizes, [alpha, beta], [(a, 0), (b, 0), (c, 0)], 1)
            };

            fn $many(
                handle: Handle,
                transa: c_uint, transb: c_uint,
                m: c_int, n: c_int, k: c_int,
                alpha: Option<&$number>,
                a: u64, lda: c_int, stride_a: i64,
                b: u64, ldb: c_int, stride_b: i64,
                beta: Option<&$number>,
                c: u64, ldc: c_int, stride_c: i64,
                count: c_int,
            ) = {
                let sizes = sizes([transa, transb], [m, n, k], [lda, ldb, ldc]);
                multiply(handle, sizes, [alpha, beta], [(a, stride_a), (b, stride_b), (c, stride_c)], count)
            };
        }
    };
}
products!(cublasSgemm_v2, cublasSgemmStridedBatched, f32);
products!(cublasDgemm_v2, cublasDgemmStridedBatched, f64);
