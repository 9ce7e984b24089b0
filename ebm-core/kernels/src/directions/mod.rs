//! Several rows of each sample, such as directions or the columns of a Jacobian: products with them, and sizes of rows.
//!
//! The K rows of B samples are one matrix `[K B, C]`, whose row `k B + b` is the k-th of sample b. Nothing here is recorded on a
//! tape: it is what penalties are made of whose derivative is known (see `of_gradient` of the models).

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use std::ops::Range;

use crate::prelude::*;
use crate::selftest::Quantity::{InInputs, Value};

/// A size of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RowNorm {
    /// `1/2 ||r||^2`
    HalfSquare,
    /// `||r||`
    Euclidean,
    /// `(sum_i |r_i|^p)^(1/p)`, `p >= 1`
    P(Real),
}

/// `y_bk = <u_kb, x_b>`, `[B, K]`: the inner products of the `count` rows u `[K B, C]` of each sample with its vector x `[B, C]`.
/// With the columns of a Jacobian this is `J^T x`.
///
/// # Panics
/// If there are not `count` rows for each of x.
pub fn project<C: Dim, K: Dim>(rows: &Rows<C>, x: &Rows<C>, count: K) -> Rows<K> {
    assert_eq!(rows.shape().0, count.size() * x.shape().0, "rows of each sample");
    let (batch, width) = (x.shape().0, x.shape().1.size());
    filled((batch, count), |y| backend::project(batch, count.size(), width, stored(rows)?.read(), stored(x)?.read(), y))
}

/// `y_r = sum_k c_rk u_kb`, `[R, C]`, of rows `[K B, C]`, where the r-th row of coefficients `[R, K]` is for sample `b = r mod B`.
/// With the columns of a Jacobian it is `J c`.
///
/// # Panics
/// If the number of rows is not a multiple of K, or R is not a multiple of B.
pub fn weighted_sums<C: Dim, K: Dim>(rows: &Rows<C>, coefficients: &Rows<K>) -> Rows<C> {
    let (sums, count) = (coefficients.shape().0, coefficients.shape().1.size());
    let batch = rows.shape().0 / count.max(1);
    assert!(
        rows.shape().0 == count * batch && (sums == 0 || batch > 0 && sums.is_multiple_of(batch)),
        "{sums} sums of {count} from {} rows",
        rows.shape().0
    );
    let width = rows.shape().1;
    filled((sums, width), |y| {
        let (rows, coefficients) = (stored(rows)?, stored(coefficients)?);
        backend::weigh_rows(batch, count, width.size(), sums, rows.read(), coefficients.read(), y)
    })
}

/// Sizes N(r) of all rows `[R, C]`, `[R]`, and their derivatives `dN/dr`, `[R, C]`.
///
/// At zero every norm but [`RowNorm::HalfSquare`] has no derivative: zero, which is a subgradient, is taken.
pub fn norms<C: Dim>(rows: &Rows<C>, norm: RowNorm) -> (PerSample, Rows<C>) {
    let (count, width) = (rows.shape().0, rows.shape().1.size());
    filled_two((count,), *rows.shape(), |sizes, slopes| {
        let x = stored(rows)?;
        match norm {
            RowNorm::HalfSquare => backend::half_squares(count, width, x.read(), sizes, slopes),
            RowNorm::Euclidean => backend::lengths(count, width, x.read(), sizes, slopes),
            RowNorm::P(p) => backend::p_norms(count, width, p, x.read(), sizes, slopes),
        }
    })
}

/// The basis vectors `which` for every one of `batch` samples, direction-major: `[which.len() * batch, width]`.
pub fn axes<W: Dim>(batch: usize, width: W, which: Range<usize>) -> Rows<W> {
    filled((which.len() * batch, width), |y| backend::axes(batch, width.size(), which.start, which.len(), y))
}

crate::selftest_cases!(|| {
    const SAMPLES: usize = 68;
    // More than two warps.
    const WIDTH: usize = 75;
    let normed = |name, norm| {
        Case::kernel(name, move || {
            let (sizes, slopes) = norms(&matrix("norms", SAMPLES, WIDTH), norm);
            vec![Value.of(&sizes), InInputs.of(&slopes)]
        })
    };
    vec![
        Case::kernel("axes", || vec![Value.of(&axes(SAMPLES, 9usize, 0..9))]),
        Case::kernel("project", || {
            let rows = matrix("project/u", 4 * SAMPLES, WIDTH);
            vec![Value.of(&project(&rows, &matrix("project/x", SAMPLES, WIDTH), 4usize))]
        }),
        Case::kernel("weighted_sums", || {
            let rows = matrix("weighted_sums/u", 4 * SAMPLES, WIDTH);
            let coefficients = matrix("weighted_sums/c", 2 * SAMPLES, 4);
            vec![Value.of(&weighted_sums(&rows, &coefficients))]
        }),
        normed("norms: 1/2 ||r||^2", RowNorm::HalfSquare),
        normed("norms: ||r||", RowNorm::Euclidean),
        normed("norms: p = 3", RowNorm::P(3.0)),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[Real], expected: impl IntoIterator<Item = f64>) {
        check::all_close(found, expected, 1e-5);
    }

    #[test]
    fn products_are_those_of_the_formulas() {
        let (batch, count, width, copies) = (3, 2, 5, 4);
        let rows = check::matrix(count * batch, width, 1.0, 1);
        let x = check::matrix(batch, width, 1.0, 2);
        let (u, v) = (rows.as_vec(), x.as_vec());
        let dot = |k: usize, b: usize| -> f64 {
            (0..width).map(|i| f64::from(u[(k * batch + b) * width + i]) * f64::from(v[b * width + i])).sum()
        };
        let expected = (0..batch).flat_map(|b| (0..count).map(move |k| (k, b)));
        close(&project(&rows, &x, count).as_vec(), expected.map(|(k, b)| dot(k, b)));

        let coefficients = check::matrix(copies * batch, count, 1.0, 3);
        let c = coefficients.as_vec();
        let sum = |r: usize, i: usize| -> f64 {
            (0..count).map(|k| f64::from(c[r * count + k]) * f64::from(u[(k * batch + r % batch) * width + i])).sum()
        };
        let expected = (0..copies * batch).flat_map(|r| (0..width).map(move |i| (r, i)));
        close(&weighted_sums(&rows, &coefficients).as_vec(), expected.map(|(r, i)| sum(r, i)));
    }

    #[test]
    fn norms_and_their_derivatives_are_those_of_the_formulas() {
        // (27 + 64)^(1/3) = 4.497941; slopes (x/n)^2
        for (norm, size, slopes) in [
            (RowNorm::HalfSquare, 12.5, [3.0, -4.0]),
            (RowNorm::Euclidean, 5.0, [0.6, -0.8]),
            (RowNorm::P(2.0), 5.0, [0.6, -0.8]),
            (RowNorm::P(1.0), 7.0, [1.0, -1.0]),
            (RowNorm::P(3.0), 4.497_941, [0.444_854, -0.790_852]),
        ] {
            // The second row is zero, and the third one too long for its power.
            let rows: Matrix = buffers::tensor(vec![3.0, -4.0, 0.0, 0.0, 3e15, -4e15], (3, 2));
            let (sizes, found) = norms(&rows, norm);
            let (sizes, found) = (sizes.as_vec(), found.as_vec());
            close(&sizes[..2], [size, 0.0]);
            close(&found[..4], slopes.into_iter().chain([0.0, 0.0]));
            if norm != RowNorm::HalfSquare {
                assert!((f64::from(sizes[2]) / (1e15 * size) - 1.0).abs() < 1e-5, "{norm:?}: {sizes:?}");
                close(&found[4..], slopes);
            }
        }
    }

    #[test]
    fn what_is_no_number_has_no_size() {
        for norm in [RowNorm::HalfSquare, RowNorm::Euclidean, RowNorm::P(3.0)] {
            let rows: Matrix = buffers::tensor(vec![1.0, Real::NAN], (1, 2));
            assert!(norms(&rows, norm).0.as_vec()[0].is_nan(), "{norm:?}");
        }
    }
}
