//! Matrix products on slices, by `faer`.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use crate::device::Real;
use crate::flops;

/// `c [m, n] (+)= a [m, k] * b [k, n]`, all row-major slices, where `a` and `b` may be given transposed.
pub(crate) struct Product<'a> {
    pub a: MatRef<'a, Real>,
    pub b: MatRef<'a, Real>,
}

/// A row-major slice as a matrix.
pub(crate) fn matrix(data: &[Real], rows: usize, columns: usize) -> MatRef<'_, Real> {
    MatRef::from_row_major_slice(data, rows, columns)
}

impl Product<'_> {
    /// `c = a b`
    pub fn write(&self, c: &mut [Real]) {
        self.run(c, Accum::Replace);
    }

    /// `c += a b`
    pub fn add(&self, c: &mut [Real]) {
        self.run(c, Accum::Add);
    }

    fn run(&self, c: &mut [Real], accumulate: Accum) {
        flops::count(self.a.nrows(), self.a.ncols(), self.b.ncols());
        let c = MatMut::from_row_major_slice_mut(c, self.a.nrows(), self.b.ncols());
        // One thread: kernels split their rows over the cores themselves, so that what follows a product stays in cache.
        matmul(c, accumulate, self.a, self.b, 1.0, Par::Seq);
    }
}
