use faer::{MatRef, Side};

/// The lower triangular factor L of a symmetric positive definite matrix `S = L L'`.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    /// Row-major, `[width, width]`.
    factor: Vec<f64>,
    width: usize,
}

impl Cholesky {
    /// Factorises `S` `[width, width]`, row-major; `None` if it is not positive definite.
    pub fn of(matrix: &[f64], width: usize) -> Option<Self> {
        let lower = MatRef::from_row_major_slice(matrix, width, width).llt(Side::Lower).ok()?;
        let entry = |(i, j): (usize, usize)| if j <= i { lower.L()[(i, j)] } else { 0.0 };
        let factor: Vec<f64> = (0..width * width).map(|k| entry((k / width, k % width))).collect();
        let good = (0..width).all(|i| factor[i * width + i] > 0.0 && factor[i * width + i].is_finite());
        good.then_some(Self { factor, width })
    }

    /// L, row-major, `[width, width]`.
    pub fn factor(&self) -> &[f64] {
        &self.factor
    }

    /// `log det S`
    pub fn log_determinant(&self) -> f64 {
        2.0 * (0..self.width).map(|i| self.at(i, i).ln()).sum::<f64>()
    }

    /// `L^-1 v`
    pub fn whiten(&self, v: &[f64]) -> Vec<f64> {
        let mut y = v.to_vec();
        for i in 0..self.width {
            let known: f64 = (0..i).map(|j| self.at(i, j) * y[j]).sum();
            y[i] = (y[i] - known) / self.at(i, i);
        }
        y
    }

    /// `S^-1 v`
    pub fn solve(&self, v: &[f64]) -> Vec<f64> {
        let mut x = self.whiten(v);
        for i in (0..self.width).rev() {
            let known: f64 = (i + 1..self.width).map(|j| self.at(j, i) * x[j]).sum();
            x[i] = (x[i] - known) / self.at(i, i);
        }
        x
    }

    /// `v' S v`
    pub fn square(&self, v: &[f64]) -> f64 {
        let column = |k: usize| (k..self.width).map(|i| self.at(i, k) * v[i]).sum::<f64>();
        (0..self.width).map(|k| column(k).powi(2)).sum()
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.factor[i * self.width + j]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_of_two_rows_is_factorised_as_by_hand() {
        // [[4, 2], [2, 5]] = L L' with L = [[2, 0], [1, 2]]: determinant 16.
        let found = Cholesky::of(&[4.0, 2.0, 2.0, 5.0], 2).unwrap();
        assert!((found.log_determinant() - 16f64.ln()).abs() < 1e-12);
        assert_eq!(found.whiten(&[2.0, 5.0]), [1.0, 2.0]);
        // S (1, 2)' = (8, 12)', and (1, 2) S (1, 2)' = 32.
        let solved = found.solve(&[8.0, 12.0]);
        assert!((solved[0] - 1.0).abs() < 1e-12 && (solved[1] - 2.0).abs() < 1e-12, "{solved:?}");
        assert!((found.square(&[1.0, 2.0]) - 32.0).abs() < 1e-12);
        assert!(Cholesky::of(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
    }
}
