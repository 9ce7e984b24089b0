use ebm_core::{device::Real, geometry::Geometry, models::Energy};
use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};

use super::AnnealingError;
use crate::cholesky::Cholesky;
use crate::features::{Features, Moments, double};
use crate::{proposal::Proposal, sampling::energies_and_gradients};

/// Variance added along every axis, in units of the mean variance: data may lie in a subspace (the border of an image).
const RIDGE: f64 = 1e-2;

/// Samples that the Gaussian is fitted to, at most.
pub(crate) const FITTED: usize = 10_000;

/// `x = m + L y` with y ~ N(0, I): a Gaussian with the data's mean and, up to a ridge of 1 % of the mean variance, covariance.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    mean: Vec<Real>,
    /// L, lower triangular, `[D, D]` row-major.
    factor: Vec<Real>,
    /// `log Z` of `exp(-E(x))` over x minus that of `exp(-E(x(y)))` over y: `log |det L|`.
    pub log_determinant: f64,
}

impl Base {
    /// Fits it to samples `[n, width]`, row-major: at least two, finite, and not all the same.
    pub fn fit(samples: &[Real], width: usize) -> Result<Self, AnnealingError> {
        let moments = Moments::of(Features::new(&double(samples), width)?)?;
        let mut covariance = moments.covariance().to_vec();
        let variance = (0..width).map(|i| covariance[i * width + i]).sum::<f64>() / width as f64;
        (0..width).for_each(|i| covariance[i * width + i] += RIDGE * variance);
        let varies = variance > 0.0 && variance.is_finite();
        let cholesky = varies.then(|| Cholesky::of(&covariance, width)).flatten().ok_or(AnnealingError::Flat(width))?;
        let factor: Vec<Real> = cholesky.factor().iter().map(|l| *l as Real).collect();
        // Of the factor in use, in its precision.
        let log_determinant = factor.iter().step_by(width + 1).map(|l| f64::from(*l).ln()).sum();
        Ok(Self { mean: moments.mean().iter().map(|m| *m as Real).collect(), factor, log_determinant })
    }

    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// `x = m + L y` for each row of `[B, D]`.
    pub fn to_data(&self, y: &[Real]) -> Vec<Real> {
        let mut x: Vec<Real> = self.mean.iter().copied().cycle().take(y.len()).collect();
        self.multiply(y, self.matrix().transpose(), &mut x);
        x
    }

    /// `y = L^-1 (x - m)` for each row of `[B, D]`.
    pub fn to_base(&self, x: &[Real]) -> Vec<Real> {
        let width = self.width();
        let mut y: Vec<Real> = x.iter().zip(self.mean.iter().cycle()).map(|(x, m)| x - m).collect();
        for row in y.chunks_exact_mut(width) {
            for i in 0..width {
                let factor = &self.factor[i * width..=i * width + i];
                let above: Real = row.iter().zip(&factor[..i]).map(|(y, l)| y * l).sum();
                row[i] = (row[i] - above) / factor[i];
            }
        }
        y
    }

    /// `L' g` for each row of `[B, D]`: the gradient in y of a function with the gradient g in x.
    pub fn pull(&self, gradients: &[Real]) -> Vec<Real> {
        let mut pulled = vec![0.0; gradients.len()];
        self.multiply(gradients, self.matrix(), &mut pulled);
        pulled
    }

    /// `to += rows a`
    fn multiply(&self, rows: &[Real], a: MatRef<'_, Real>, to: &mut [Real]) {
        let (count, width) = (rows.len() / self.width(), self.width());
        let rows = MatRef::from_row_major_slice(rows, count, width);
        let to = MatMut::from_row_major_slice_mut(to, count, width);
        matmul(to, Accum::Add, rows, a, 1.0, Par::Seq);
    }

    fn matrix(&self) -> MatRef<'_, Real> {
        MatRef::from_row_major_slice(&self.factor, self.width(), self.width())
    }
}

/// A Gaussian as the start of a path to an energy of as many dimensions.
pub(crate) struct GaussianStart<'a, G: Geometry> {
    pub energy: &'a dyn Energy<G>,
    pub base: &'a Base,
}

impl<G: Geometry> Proposal for GaussianStart<'_, G> {
    fn width(&self) -> usize {
        self.base.width()
    }

    fn energies_and_forces(&self, y: &[Real]) -> (Vec<f64>, Vec<Real>) {
        let (energies, gradients) = energies_and_gradients(self.energy, &self.base.to_data(y));
        (energies.into_iter().map(f64::from).collect(), self.base.pull(&gradients))
    }

    fn log_volume(&self) -> f64 {
        self.base.log_determinant
    }

    fn describe(&self) -> String {
        format!("a Gaussian fitted to {FITTED} samples of the data")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::random::Random;

    #[test]
    fn its_samples_have_the_mean_and_covariance_of_the_data_and_a_ridge() {
        // x = (3 a, a + b, 7): covariance [[9, 3, 0], [3, 2, 0], [0, 0, 0]], mean variance 11 / 3.
        let draws = Random::new(1).normals(2 * 100_000);
        let data: Vec<Real> = draws.chunks(2).flat_map(|ab| [3.0 * ab[0], ab[0] + ab[1], 7.0]).collect();
        let base = Base::fit(&data, 3).unwrap();
        let x = base.to_data(&Random::new(2).normals(3 * 100_000));
        let found = Moments::of(Features::new(&double(&x), 3).unwrap()).unwrap();
        let ridge = RIDGE * 11.0 / 3.0;
        let expected = [9.0 + ridge, 3.0, 0.0, 3.0, 2.0 + ridge, 0.0, 0.0, 0.0, ridge];
        for (found, expected) in found.covariance().iter().zip(expected) {
            assert!((found - expected).abs() < 0.15, "{found} {expected}");
        }
        assert!((found.mean()[2] - 7.0).abs() < 0.01);
        // det = (9.0367 * 2.0367 - 9) * 0.0367
        let determinant = ((9.0 + ridge) * (2.0 + ridge) - 9.0) * ridge;
        assert!((base.log_determinant - 0.5 * determinant.ln()).abs() < 0.02);
    }

    #[test]
    fn coordinates_go_there_and_back_and_gradients_are_pulled_back_by_the_transpose() {
        let base = Base::fit(&Random::new(3).normals(60), 3).unwrap();
        let x = Random::new(4).normals(30);
        for (there, x) in base.to_data(&base.to_base(&x)).iter().zip(&x) {
            assert!((there - x).abs() < 1e-5, "{there} {x}");
        }
        let (y, g, v) = (Random::new(4).normals(3), Random::new(5).normals(3), Random::new(6).normals(3));
        // <g, x(y + v) - x(y)> = <L' g, v>
        let moved: Vec<Real> = y.iter().zip(&v).map(|(y, v)| y + v).collect();
        let change = base.to_data(&moved).into_iter().zip(base.to_data(&y)).map(|(a, b)| a - b);
        let dot =
            |a: &[Real], b: &mut dyn Iterator<Item = Real>| a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum::<f64>();
        let (left, right) = (dot(&g, &mut change.into_iter()), dot(&base.pull(&g), &mut v.into_iter()));
        assert!((left - right).abs() < 1e-5 * left.abs().max(1.0), "{left} {right}");
    }

    #[test]
    fn data_that_does_not_vary_is_refused() {
        let error = Base::fit(&[1.0; 12], 3).unwrap_err().to_string();
        assert!(error.contains("does not vary"), "{error}");
        assert!(Base::fit(&[1.0; 3], 3).unwrap_err().to_string().contains("at least 2 samples"));
    }
}
