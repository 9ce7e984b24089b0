//! Gram matrices J^T J, `[d, d]` in double precision, with their eigenvalues and determinants.

use faer::linalg::solvers::DenseSolveCore;

use super::Sizes;
use crate::buffers::read;
use crate::prelude::*;

/// A symmetric matrix of one sample.
pub struct Gram<'a> {
    /// Row-major, `[d, d]`.
    pub values: &'a [f64],
    /// Rows and columns.
    pub d: usize,
}

impl Gram<'_> {
    /// Eigenvalues, smallest first. Negative rounding errors are raised to zero.
    pub fn eigenvalues(&self) -> Vec<f64> {
        if self.d == 2 {
            let (small, large) = self.pair_of_two();
            return vec![small, large];
        }
        match self.matrix().self_adjoint_eigenvalues(faer::Side::Lower) {
            Ok(values) => values.into_iter().map(|v| v.max(0.0)).collect(),
            // Only non-finite input does not converge; what is made of it is refused as non-finite.
            Err(_) => vec![f64::NAN; self.d],
        }
    }

    /// The smallest eigenvalue, and its unit eigenvector `[d]`.
    pub fn smallest(&self) -> (f64, Vec<f64>) {
        if self.d == 1 {
            return (self.values[0], vec![1.0]);
        }
        if self.d == 2 {
            return self.smallest_of_two();
        }
        match self.matrix().self_adjoint_eigen(faer::Side::Lower) {
            Ok(eigen) => (eigen.S().column_vector()[0].max(0.0), (0..self.d).map(|i| eigen.U()[(i, 0)]).collect()),
            Err(_) => (f64::NAN, vec![f64::NAN; self.d]),
        }
    }

    /// `1/2 ln det` and the inverse, by Cholesky. A matrix that is not positive definite gives minus infinity and NaN.
    pub fn half_log_det(&self, inverse: &mut [f64]) -> f64 {
        let d = self.d;
        if d == 2 {
            let [a, b, _, c] = [self.values[0], self.values[1], self.values[2], self.values[3]];
            let det = a * c - b * b;
            inverse.copy_from_slice(&[c / det, -b / det, -b / det, a / det]);
            return 0.5 * det.max(0.0).ln();
        }
        let Ok(factor) = self.matrix().llt(faer::Side::Lower) else {
            inverse.fill(f64::NAN);
            return f64::NEG_INFINITY;
        };
        write(&factor.inverse(), inverse);
        let diagonal = factor.L().diagonal().column_vector();
        (0..d).map(|i| diagonal[i].ln()).sum()
    }

    fn matrix(&self) -> faer::MatRef<'_, f64> {
        faer::MatRef::from_row_major_slice(self.values, self.d, self.d)
    }

    // Two latent dimensions are the case of every plane problem, and a general solver costs more than the rest of a step.
    fn pair_of_two(&self) -> (f64, f64) {
        let (a, b, c) = (self.values[0], self.values[1], self.values[3]);
        let large = 0.5 * (a + c) + (0.25 * (a - c) * (a - c) + b * b).sqrt();
        // The product of the eigenvalues is the determinant: no cancellation in the small one.
        let small = if large > 0.0 { ((a * c - b * b) / large).max(0.0) } else { 0.0 };
        (small, large)
    }

    fn smallest_of_two(&self) -> (f64, Vec<f64>) {
        let (a, b, c) = (self.values[0], self.values[1], self.values[3]);
        let (small, large) = self.pair_of_two();
        // Rows of (A - large I) are multiples of the small eigenvector; take the longer one.
        let (x, y) = if a <= c { (a - large, b) } else { (b, c - large) };
        let norm = x.hypot(y);
        let vector = if norm > 0.0 { vec![x / norm, y / norm] } else { vec![1.0, 0.0] };
        (small, vector)
    }
}

/// `ln |det A|` of a row-major `[d, d]` matrix, and its inverse. A singular one gives minus infinity.
pub fn log_abs_det(a: &[f64], d: usize, inverse: &mut [f64]) -> f64 {
    if d == 2 {
        let det = a[0] * a[3] - a[1] * a[2];
        let adjugate = [a[3], -a[1], -a[2], a[0]];
        inverse.iter_mut().zip(adjugate).for_each(|(i, v)| *i = v / det);
        return det.abs().ln();
    }
    let factor = faer::MatRef::from_row_major_slice(a, d, d).partial_piv_lu();
    write(&factor.inverse(), inverse);
    (0..d).map(|i| factor.U()[(i, i)].abs().ln()).sum()
}

/// Writes a square matrix by rows.
fn write(matrix: &faer::Mat<f64>, to: &mut [f64]) {
    let d = matrix.ncols();
    to.iter_mut().enumerate().for_each(|(e, to)| *to = matrix[(e / d, e % d)]);
}

/// Calls `f` with `J^T J` `[d, d]` of each sample, from the columns `[d B, D]`.
pub fn for_each_gram<C: Dim>(columns: &Rows<C>, batch: usize, d: usize, f: impl FnMut(&[f64])) {
    let width = columns.shape().1.size();
    grams_of(&read(columns), Sizes { batch, d, width }, f);
}

/// [`for_each_gram`] of columns that are a slice.
pub(super) fn grams_of(columns: &[Real], Sizes { batch, d, width }: Sizes, mut f: impl FnMut(&[f64])) {
    let column = |k: usize, b: usize| &columns[(k * batch + b) * width..(k * batch + b + 1) * width];
    let mut gram = vec![0.0; d * d];
    for b in 0..batch {
        for k in 0..d {
            for l in 0..=k {
                let dot = column(k, b).iter().zip(column(l, b));
                let dot: f64 = dot.map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                gram[k * d + l] = dot;
                gram[l * d + k] = dot;
            }
        }
        f(&gram);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_of_two_equals_the_general_solver() {
        for values in [[2.0, 0.5, 0.5, 1.0], [1.0, 0.5, 0.5, 2.0], [3.0, -1.2, -1.2, 0.7], [1.0, 0.0, 0.0, 4.0]] {
            let two = Gram { values: &values, d: 2 };
            // The same matrix as a block of a larger one whose other eigenvalue is 100.
            let three = [values[0], values[1], 0.0, values[2], values[3], 0.0, 0.0, 0.0, 100.0];
            let three = Gram { values: &three, d: 3 };
            let (a, b) = (two.eigenvalues(), three.eigenvalues());
            assert!((a[0] - b[0]).abs() < 1e-12 && (a[1] - b[1]).abs() < 1e-12, "{a:?} {b:?}");
            let ((_, u), (_, v)) = (two.smallest(), three.smallest());
            let along = u[0] * v[0] + u[1] * v[1];
            assert!((along.abs() - 1.0).abs() < 1e-12);
            let (mut i2, mut i3) = ([0.0; 4], [0.0; 9]);
            let (l2, l3) = (two.half_log_det(&mut i2), three.half_log_det(&mut i3));
            assert!((l3 - l2 - 0.5 * 100f64.ln()).abs() < 1e-12);
            assert!((i2[1] - i3[1]).abs() < 1e-12 && (i2[3] - i3[4]).abs() < 1e-12);
        }
    }

    #[test]
    fn determinants_and_inverses_of_square_matrices_are_those_of_the_formulas() {
        // det [[1, 2], [3, 4]] = -2, inverse [[-2, 1], [1.5, -0.5]]; the same as a block of a larger matrix.
        let mut inverse = [0.0; 4];
        assert!((log_abs_det(&[1.0, 2.0, 3.0, 4.0], 2, &mut inverse) - 2f64.ln()).abs() < 1e-15);
        assert_eq!(inverse, [-2.0, 1.0, 1.5, -0.5]);
        let mut inverse = [0.0; 9];
        let block = [1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 5.0];
        assert!((log_abs_det(&block, 3, &mut inverse) - 10f64.ln()).abs() < 1e-14);
        assert!(
            (inverse[0] + 2.0).abs() < 1e-14 && (inverse[3] - 1.5).abs() < 1e-14 && (inverse[8] - 0.2).abs() < 1e-14
        );
        assert_eq!(log_abs_det(&[1.0, 2.0, 2.0, 4.0], 2, &mut [0.0; 4]), f64::NEG_INFINITY);
    }

    #[test]
    fn a_multiple_of_the_identity_has_a_unit_vector_and_a_singular_matrix_has_no_volume() {
        let (value, vector) = Gram { values: &[2.0, 0.0, 0.0, 2.0], d: 2 }.smallest();
        assert!((value - 2.0).abs() < 1e-15);
        assert!((vector[0].hypot(vector[1]) - 1.0).abs() < 1e-15);
        let flat = [1.0, 2.0, 2.0, 4.0];
        assert_eq!(Gram { values: &flat, d: 2 }.half_log_det(&mut [0.0; 4]), f64::NEG_INFINITY);
    }
}
