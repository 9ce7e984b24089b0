//! Matrix products: by cuBLAS on a GPU, by faer where kernels run on the CPU.
//!
//! In single precision cuBLAS rounds as the CPU does: it takes the shorter numbers of tensor cores (TF32) only where it is told
//! to, and it is not.

#![allow(unsafe_code)]

use super::{In, Out};
use crate::device::DevError;

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a> {
    values: In<'a>,
    rows: usize,
    columns: usize,
    transposed: bool,
}

impl<'a> Factor<'a> {
    /// `[rows, columns]` values.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn new(values: In<'a>, rows: usize, columns: usize) -> Self {
        assert_eq!(
            values.len(),
            rows * columns,
            "a matrix of {rows} rows and {columns} columns"
        );
        Self {
            values,
            rows,
            columns,
            transposed: false,
        }
    }

    /// The same values as the transpose of their matrix: `[columns, rows]`.
    pub fn transpose(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            transposed: !self.transposed,
            ..self
        }
    }

    /// Elements from one row of what is stored to the next.
    #[cfg(feature = "cuda")]
    fn stride(&self) -> usize {
        if self.transposed { self.rows } else { self.columns }
    }
}

/// `c = a b`, row-major.
///
/// # Errors
/// If the device refuses.
///
/// # Panics
/// If the sizes do not fit.
pub(crate) fn write(a: Factor, b: Factor, c: Out) -> Result<(), DevError> {
    run(a, b, c, false)
}

/// `c += a b`, row-major.
///
/// # Errors
/// If the device refuses.
///
/// # Panics
/// If the sizes do not fit.
pub(crate) fn add(a: Factor, b: Factor, c: Out) -> Result<(), DevError> {
    run(a, b, c, true)
}

fn run(a: Factor, b: Factor, c: Out, adds: bool) -> Result<(), DevError> {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    assert_eq!(k, b.rows, "a product of {m} x {k} and {} x {n}", b.rows);
    assert_eq!(c.len(), m * n, "a product of {m} rows and {n} columns");
    if m * n == 0 || (k == 0 && adds) {
        return Ok(());
    }
    on_device(a, b, c, adds)
}

#[cfg(not(feature = "cuda"))]
fn on_device(a: Factor, b: Factor, mut c: Out, adds: bool) -> Result<(), DevError> {
    use crate::gemm::{Product, matrix};
    fn view(factor: Factor<'_>) -> faer::MatRef<'_, crate::device::Real> {
        match factor.transposed {
            false => matrix(factor.values.slice(), factor.rows, factor.columns),
            true => matrix(factor.values.slice(), factor.columns, factor.rows).transpose(),
        }
    }
    let product = Product { a: view(a), b: view(b) };
    match adds {
        true => product.add(c.slice()),
        false => product.write(c.slice()),
    }
    Ok(())
}

#[cfg(feature = "cuda")]
fn on_device(a: Factor, b: Factor, c: Out, adds: bool) -> Result<(), DevError> {
    use cublas::Lent;
    use cudarc::cublas::sys::cublasOperation_t::{CUBLAS_OP_N, CUBLAS_OP_T};
    use cudarc::cublas::{Gemm, GemmConfig};
    let size = |n: usize| {
        i32::try_from(n).unwrap_or_else(|_| panic!("a matrix of {n} rows or columns: cuBLAS counts to 2^31"))
    };
    let operation = |factor: &Factor| if factor.transposed { CUBLAS_OP_T } else { CUBLAS_OP_N };
    // cuBLAS stores by columns: what it takes for c is the transpose, b^T a^T, whose factors are stored as they should be.
    let config = GemmConfig {
        transa: operation(&b),
        transb: operation(&a),
        m: size(b.columns),
        n: size(a.rows),
        k: size(a.columns),
        alpha: 1.0,
        lda: size(b.stride().max(1)),
        ldb: size(a.stride().max(1)),
        beta: if adds { 1.0 } else { 0.0 },
        ldc: size(b.columns),
    };
    crate::flops::count(a.rows, a.columns, b.columns);
    cublas::with(|blas| {
        // SAFETY: `Factor::new` and `run` checked the lengths against the sizes; the arrays are borrowed until the product is
        // queued, and all later uses, freeing included, are queued behind it on the same stream.
        Ok(unsafe { blas.gemm::<Lent, Lent, Lent>(config, &b.values.into(), &a.values.into(), &mut c.into()) }?)
    })
}

#[cfg(feature = "cuda")]
mod cublas {
    use cudarc::cublas::CudaBlas;
    use cudarc::driver::sys::CUdeviceptr;
    use cudarc::driver::{DevicePtr, DevicePtrMut, DeviceSlice};
    use std::cell::OnceCell;

    use super::{In, Out};
    use crate::device::{DevError, Real};
    use crate::gpu::Argument as _;
    use crate::gpu::launch::driver;

    thread_local! {
        /// Making a handle takes far longer than using it.
        static HANDLE: OnceCell<CudaBlas> = const { OnceCell::new() };
    }

    /// Calls `f` with this thread's handle, which queues its work on dfdx's stream.
    pub(super) fn with<R>(f: impl FnOnce(&CudaBlas) -> Result<R, DevError>) -> Result<R, DevError> {
        HANDLE.with(|known| match known.get() {
            Some(handle) => f(handle),
            None => {
                let handle = CudaBlas::new(driver()?)?;
                f(known.get_or_init(|| handle))
            }
        })
    }

    /// A lent array as cuBLAS's wrapper wants it: where it is, and how long.
    pub(super) struct Lent(CUdeviceptr, usize);

    impl From<In<'_>> for Lent {
        fn from(array: In<'_>) -> Self {
            Self(array.raw(), array.len())
        }
    }

    impl From<Out<'_>> for Lent {
        fn from(array: Out<'_>) -> Self {
            Self(array.raw(), array.len())
        }
    }

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
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;
    use crate::device::Real;
    use crate::gpu::upload;

    // [1 2 3; 4 5 6] [7 8; 9 10; 11 12] = [58 64; 139 154].
    #[test]
    fn products_of_matrices_and_of_transposes_are_the_same() {
        let array = |values: &[Real]| upload(values.to_vec()).unwrap();
        let (a, b) = (
            array(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
            array(&[7.0, 8.0, 9.0, 10.0, 11.0, 12.0]),
        );
        let (a_t, b_t) = (
            array(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]),
            array(&[7.0, 9.0, 11.0, 8.0, 10.0, 12.0]),
        );
        let left = [
            Factor::new(In::of(&a), 2, 3),
            Factor::new(In::of(&a_t), 3, 2).transpose(),
        ];
        let right = [
            Factor::new(In::of(&b), 3, 2),
            Factor::new(In::of(&b_t), 2, 3).transpose(),
        ];
        for a in left {
            for b in right {
                let mut c = array(&[1.0; 4]);
                write(a, b, Out::of(&mut c)).unwrap();
                assert_eq!(**c, [58.0, 64.0, 139.0, 154.0]);
                add(a, b, Out::of(&mut c)).unwrap();
                assert_eq!(**c, [116.0, 128.0, 278.0, 308.0]);
            }
        }
    }
}
