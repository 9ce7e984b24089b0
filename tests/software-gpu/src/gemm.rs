//! Matrix products as cuBLAS computes them: matrices are stored by columns.

use crate::fault::{Fault, fault};
use crate::isa::ty::Word;
use crate::memory::{Memory, aligned, word};
use std::ops::{Add, Mul};

/// The sizes of `C = alpha op(A) op(B) + beta C`.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Whether A, and B, are stored transposed.
    pub transposed: [bool; 2],
    /// m, n, k: op(A) is `[m, k]`, op(B) `[k, n]` and C `[m, n]`.
    pub sizes: [usize; 3],
    /// From one column of what is stored to the next, in A, B and C.
    pub leading: [usize; 3],
}

impl Sizes {
    /// Whether the leading dimensions are long enough, which cuBLAS checks as well.
    pub fn are_valid(&self) -> bool {
        let [m, n, k] = self.sizes;
        let [a, b] = self.transposed;
        let rows = [if a { k } else { m }, if b { n } else { k }, m];
        rows.iter().zip(self.leading).all(|(rows, leading)| leading >= *rows.max(&1))
    }
}

/// The numbers of a product.
pub trait Number: Word<Value = Self> + Copy + PartialEq + Default + Add<Output = Self> + Mul<Output = Self> {}

impl Number for f32 {}
impl Number for f64 {}

/// Reads a matrix whose columns are `leading` numbers apart. In the result, they follow one another.
fn matrix<T: Number>(
    memory: &mut Memory,
    start: u64,
    leading: usize,
    [rows, columns]: [usize; 2],
) -> Result<Vec<T>, Fault> {
    let width = T::TY.bytes();
    let mut found = Vec::with_capacity(rows * columns);
    for column in (0..columns).filter(|_| rows > 0) {
        let address = start + (column * leading * width) as u64;
        aligned(address, width)?;
        let bytes = memory.read(address, rows * width)?;
        found.extend(bytes.chunks_exact(width).map(|bytes| T::of(word(bytes))));
    }
    Ok(found)
}

/// Computes the product, with the terms of a sum in their order. As in cuBLAS, a `beta` of zero means that C need not hold
/// numbers, and an `alpha` of zero that A and B are not read.
pub fn gemm<T: Number>(
    memory: &mut Memory,
    sizes: Sizes,
    alpha: T,
    (a, b): (u64, u64),
    beta: T,
    c: u64,
) -> Result<(), Fault> {
    if !sizes.are_valid() {
        fault!("matrix product {sizes:?}: a leading dimension is too short");
    }
    let ([m, n, k], [lda, ldb, ldc]) = (sizes.sizes, sizes.leading);
    let k = if alpha == T::default() { 0 } else { k };
    let [transposed_a, transposed_b] = sizes.transposed;
    let locate = |name: &'static str| move |fault: Fault| Fault(format!("matrix product {sizes:?}: {name}: {fault}"));
    let stored_a = if transposed_a { [k, m] } else { [m, k] };
    let stored_b = if transposed_b { [n, k] } else { [k, n] };
    let a: Vec<T> = matrix(memory, a, lda, stored_a).map_err(locate("A"))?;
    let b: Vec<T> = matrix(memory, b, ldb, stored_b).map_err(locate("B"))?;
    for column in 0..n {
        for row in 0..m {
            let term = |i: usize| {
                let x = a[if transposed_a { row * k + i } else { i * m + row }];
                x * b[if transposed_b { i * n + column } else { column * k + i }]
            };
            let mut sum = alpha * (0..k).fold(T::default(), |sum, i| sum + term(i));
            let address = c + ((column * ldc + row) * T::TY.bytes()) as u64;
            if beta != T::default() {
                let before = memory.load(address, T::TY.bytes()).map_err(locate("C"))?;
                sum = sum + beta * T::of(before);
            }
            memory.store(address, T::TY.bytes(), T::bits(sum)).map_err(locate("C"))?;
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

    fn get(memory: &mut Memory, address: u64, n: usize) -> Vec<f64> {
        let bytes = memory.read(address, 8 * n).unwrap();
        bytes.chunks(8).map(|x| f64::from_le_bytes(x.try_into().unwrap())).collect()
    }

    /// `[[1, 2, 3], [4, 5, 6]] [[7, 8], [9, 10], [11, 12]] = [[58, 64], [139, 154]]`, worked by hand.
    #[test]
    fn products_in_all_four_layouts() {
        // By columns, so that the transpose is by rows; every column is followed by one number that is no part of it.
        let a: [&[f64]; 2] = [&[1., 4., -1., 2., 5., -1., 3., 6., -1.], &[1., 2., 3., -1., 4., 5., 6., -1.]];
        let b: [&[f64]; 2] = [&[7., 9., 11., -1., 8., 10., 12., -1.], &[7., 8., -1., 9., 10., -1., 11., 12., -1.]];
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut memory = Memory::default();
            let factors = (put(&mut memory, a[i]), put(&mut memory, b[j]));
            let c = memory.allocate(4 * 8).unwrap();
            let sizes = Sizes { transposed: [i == 1, j == 1], sizes: [2, 2, 3], leading: [3 + i, 4 - j, 2] };
            gemm(&mut memory, sizes, 1.0, factors, 0.0, c).unwrap();
            assert_eq!(get(&mut memory, c, 4), [58., 139., 64., 154.]);
            gemm(&mut memory, sizes, 2.0, factors, 10.0, c).unwrap();
            assert_eq!(get(&mut memory, c, 4), [696., 1668., 768., 1848.]);
        }
    }

    #[test]
    fn matrices_outside_of_their_memory_are_refused() {
        let mut memory = Memory::default();
        let a = put(&mut memory, &[1.; 4]);
        let c = memory.allocate(4 * 8).unwrap();
        let with = |leading| Sizes { transposed: [false; 2], sizes: [2; 3], leading };
        let refused = |memory: &mut Memory, sizes, beta| gemm(memory, sizes, 1.0, (a, a), beta, c).unwrap_err().0;
        assert!(refused(&mut memory, with([2, 2, 2]), 1.0).contains("never written"));
        assert!(refused(&mut memory, with([2, 3, 2]), 0.0).contains("outside"));
        assert!(refused(&mut memory, with([1, 2, 2]), 0.0).contains("too short"));
    }
}
