//! Matrix products: by cuBLAS on a GPU, by faer on the CPU.

#[cfg_attr(not(feature = "cuda"), path = "cpu.rs")]
#[cfg_attr(feature = "cuda", path = "cuda.rs")]
mod backend;

use crate::flops;
use crate::prelude::*;

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a> {
    values: In<'a>,
    /// Rows of what is stored, and values from one to the next.
    height: usize,
    stride: usize,
    /// The columns that count; only products on the host take some of them.
    #[cfg_attr(feature = "cuda", expect(dead_code))]
    first: usize,
    width: usize,
    transposed: bool,
}

impl<'a> Factor<'a> {
    /// `[rows, columns]` values.
    pub fn new(values: In<'a>, rows: usize, columns: usize) -> Self {
        assert_eq!(values.len(), rows * columns, "a matrix of {rows} rows and {columns} columns");
        Self { values, height: rows, stride: columns, first: 0, width: columns, transposed: false }
    }

    /// Some of the columns of a matrix that was not transposed.
    #[cfg(not(device_kernels))]
    pub fn columns(self, which: std::ops::Range<usize>) -> Self {
        Self { first: which.start, width: which.len(), ..self }
    }

    /// The same values as the transpose of their matrix: `[columns, rows]`.
    pub fn transpose(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }

    /// Rows and columns.
    fn shape(&self) -> (usize, usize) {
        match self.transposed {
            false => (self.height, self.width),
            true => (self.width, self.height),
        }
    }
}

/// `c = a b`, row-major, of sizes that fit.
pub(crate) fn write(a: Factor, b: Factor, c: Out) -> DevResult {
    run(a, b, c, false)
}

/// `c += a b`, row-major, of sizes that fit.
pub(crate) fn add(a: Factor, b: Factor, c: Out) -> DevResult {
    run(a, b, c, true)
}

fn run(a: Factor, b: Factor, c: Out, adds: bool) -> DevResult {
    let ((m, k), (rows, n)) = (a.shape(), b.shape());
    assert_eq!(k, rows, "a product of {m} x {k} and {rows} x {n}");
    assert_eq!(c.len(), m * n, "a product of {m} rows and {n} columns");
    if m * n == 0 || (k == 0 && adds) {
        return Ok(());
    }
    flops::count(m, k, n);
    backend::run(a, b, c, adds)
}

#[cfg(all(test, not(feature = "cuda")))]
mod tests {
    use super::*;

    // [1 2 3; 4 5 6] [7 8; 9 10; 11 12] = [58 64; 139 154].
    #[test]
    fn products_of_matrices_and_of_transposes_are_the_same() {
        let array = |values: &[Real]| from_host(values.to_vec());
        let (a, b) = (array(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), array(&[7.0, 8.0, 9.0, 10.0, 11.0, 12.0]));
        let (a_t, b_t) = (array(&[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]), array(&[7.0, 9.0, 11.0, 8.0, 10.0, 12.0]));
        for a in [Factor::new(view(&a), 2, 3), Factor::new(view(&a_t), 3, 2).transpose()] {
            for b in [Factor::new(view(&b), 3, 2), Factor::new(view(&b_t), 2, 3).transpose()] {
                let mut c = array(&[1.0; 4]);
                write(a, b, view_mut(&mut c)).unwrap();
                assert_eq!(to_host(&c), [58.0, 64.0, 139.0, 154.0]);
                add(a, b, view_mut(&mut c)).unwrap();
                assert_eq!(to_host(&c), [116.0, 128.0, 278.0, 308.0]);
            }
        }
    }
}
