//! Matrix products as cuBLAS has them: stored by columns.

use crate::fault;
use crate::fault::Fault;
use crate::memory::Memory;

/// The sizes of `C = alpha op(A) op(B) + beta C`, where op(A) is `[m, k]`, op(B) `[k, n]` and C `[m, n]`.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub transposes_a: bool,
    pub transposes_b: bool,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    /// From one column of what is stored to the next.
    pub lda: usize,
    pub ldb: usize,
    pub ldc: usize,
}

impl Sizes {
    /// Whether the leading dimensions are long enough, which cuBLAS checks as well.
    pub fn are_valid(&self) -> bool {
        let rows_a = if self.transposes_a { self.k } else { self.m };
        let rows_b = if self.transposes_b { self.n } else { self.k };
        self.lda >= rows_a.max(1) && self.ldb >= rows_b.max(1) && self.ldc >= self.m.max(1)
    }
}

/// Numbers of a product.
pub trait Number: Copy + PartialEq {
    const WIDTH: usize;
    const ZERO: Self;
    fn of(bits: u64) -> Self;
    fn bits(self) -> u64;
    fn times(self, other: Self) -> Self;
    fn plus(self, other: Self) -> Self;
}

macro_rules! number {
    ($number:ty, $bits:ty) => {
        impl Number for $number {
            const WIDTH: usize = size_of::<$number>();
            const ZERO: Self = 0.0;
            fn of(bits: u64) -> Self {
                Self::from_bits(bits as $bits)
            }
            fn bits(self) -> u64 {
                self.to_bits().into()
            }
            fn times(self, other: Self) -> Self {
                self * other
            }
            fn plus(self, other: Self) -> Self {
                self + other
            }
        }
    };
}
number!(f32, u32);
number!(f64, u64);

/// Computes the product, with the terms of a sum in their order. As in cuBLAS, a `beta` of zero means that C need not hold
/// numbers, and an `alpha` of zero that A and B are not read.
///
/// # Errors
/// If memory is outside of allocations, misaligned, or never written.
pub fn gemm<T: Number>(
    memory: &mut Memory,
    sizes: Sizes,
    alpha: T,
    (a, b): (u64, u64),
    beta: T,
    c: u64,
) -> Result<(), Fault> {
    let at = |base: u64, ld: usize, row: usize, column: usize| base + ((column * ld + row) * T::WIDTH) as u64;
    let said = |of: &str, fault: Fault| Fault(format!("matrix product {sizes:?}: {of}: {fault}"));
    if !sizes.are_valid() {
        fault!("matrix product {sizes:?}: a leading dimension is too short");
    }
    let mut row_of_a = vec![T::ZERO; sizes.k];
    for row in 0..sizes.m {
        if alpha != T::ZERO {
            for (i, x) in row_of_a.iter_mut().enumerate() {
                let (r, s) = if sizes.transposes_a { (i, row) } else { (row, i) };
                *x = T::of(
                    memory
                        .load(at(a, sizes.lda, r, s), T::WIDTH)
                        .map_err(|e| said("A", e))?,
                );
            }
        }
        for column in 0..sizes.n {
            let mut sum = T::ZERO;
            if alpha != T::ZERO {
                for (i, x) in row_of_a.iter().enumerate() {
                    let (r, s) = if sizes.transposes_b { (column, i) } else { (i, column) };
                    let y = T::of(
                        memory
                            .load(at(b, sizes.ldb, r, s), T::WIDTH)
                            .map_err(|e| said("B", e))?,
                    );
                    sum = sum.plus(x.times(y));
                }
                sum = alpha.times(sum);
            }
            let place = at(c, sizes.ldc, row, column);
            if beta != T::ZERO {
                let before = T::of(memory.load(place, T::WIDTH).map_err(|e| said("C", e))?);
                sum = sum.plus(beta.times(before));
            }
            memory.store(place, T::WIDTH, sum.bits()).map_err(|e| said("C", e))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(memory: &mut Memory, values: &[f64]) -> u64 {
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let address = memory.allocate(bytes.len()).unwrap();
        memory.write(address, &bytes).unwrap();
        address
    }

    fn get(memory: &Memory, address: u64, n: usize) -> Vec<f64> {
        let bytes = memory.read(address, 8 * n).unwrap();
        bytes
            .chunks(8)
            .map(|x| f64::from_le_bytes(x.try_into().unwrap()))
            .collect()
    }

    /// `[[1, 2, 3], [4, 5, 6]] [[7, 8], [9, 10], [11, 12]] = [[58, 64], [139, 154]]`, worked by hand.
    #[test]
    fn products_in_all_four_layouts() {
        for (transposes_a, transposes_b) in [(false, false), (false, true), (true, false), (true, true)] {
            let mut memory = Memory::default();
            // By columns, so that the transpose is by rows; every column is followed by one number that is no part of it.
            let a = match transposes_a {
                false => vec![1., 4., -1., 2., 5., -1., 3., 6., -1.],
                true => vec![1., 2., 3., -1., 4., 5., 6., -1.],
            };
            let b = match transposes_b {
                false => vec![7., 9., 11., -1., 8., 10., 12., -1.],
                true => vec![7., 8., -1., 9., 10., -1., 11., 12., -1.],
            };
            let (a, b) = (put(&mut memory, &a), put(&mut memory, &b));
            let sizes = Sizes {
                transposes_a,
                transposes_b,
                m: 2,
                n: 2,
                k: 3,
                lda: if transposes_a { 4 } else { 3 },
                ldb: if transposes_b { 3 } else { 4 },
                ldc: 2,
            };
            let c = memory.allocate(4 * 8).unwrap();
            gemm(&mut memory, sizes, 1.0, (a, b), 0.0, c).unwrap();
            assert_eq!(get(&memory, c, 4), [58., 139., 64., 154.]);
            gemm(&mut memory, sizes, 2.0, (a, b), 10.0, c).unwrap();
            assert_eq!(get(&memory, c, 4), [696., 1668., 768., 1848.]);
        }
    }

    #[test]
    fn matrices_outside_of_their_memory_are_refused() {
        let mut memory = Memory::default();
        let a = put(&mut memory, &[1.; 4]);
        let c = memory.allocate(4 * 8).unwrap();
        let square = Sizes {
            transposes_a: false,
            transposes_b: false,
            m: 2,
            n: 2,
            k: 2,
            lda: 2,
            ldb: 2,
            ldc: 2,
        };
        let refused = |memory: &mut Memory, sizes, beta| gemm(memory, sizes, 1.0, (a, a), beta, c).unwrap_err().0;
        assert!(refused(&mut memory, square, 1.0).contains("never written"));
        assert!(refused(&mut memory, Sizes { ldb: 3, ..square }, 0.0).contains("outside"));
        assert!(refused(&mut memory, Sizes { lda: 1, ..square }, 0.0).contains("too short"));
    }
}
