use faer::{Accum, Mat, MatRef, Par, linalg::matmul::matmul};

use super::{Features, MetricError};

/// Samples whose centred features are held at once.
const BLOCK: usize = 1024;

/// Covariances may differ from their transpose by this, relative to their largest entry: files hold single precision.
const ASYMMETRY: f64 = 1e-5;
/// Eigenvalues may be this far below zero, relative to the largest, for the same reason.
const NEGATIVE: f64 = 1e-5;

/// The Gaussian that a Fréchet distance is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    mean: Vec<f64>,
    covariance: Vec<f64>,
    samples: Option<usize>,
}

impl Moments {
    /// Mean and unbiased covariance (divided by n - 1) of features, in double precision.
    ///
    /// # Errors
    /// If there are fewer than two samples.
    pub fn of(features: Features<'_>) -> Result<Self, MetricError> {
        let (n, width) = (features.len(), features.width());
        if n < 2 {
            return Err(MetricError::too_few("a covariance", "samples", 2, n));
        }
        let mean = features.mean();
        let mut sum = Mat::<f64>::zeros(width, width);
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let values = features.range(start..end).iter().zip(mean.iter().cycle());
            let centred: Vec<f64> = values.map(|(v, m)| v - m).collect();
            let centred = MatRef::from_row_major_slice(&centred, end - start, width);
            let scale = 1.0 / (n - 1) as f64;
            matmul(sum.as_mut(), Accum::Add, centred.transpose(), centred, scale, Par::rayon(0));
        }
        let covariance = (0..width * width).map(|i| sum[(i / width, i % width)]).collect();
        Ok(Self { mean, covariance, samples: Some(n) })
    }

    /// Moments that somebody else computed: `mean` `[F]` and `covariance` `[F, F]`.
    ///
    /// # Errors
    /// If the sizes do not belong together, a value is not finite, or the matrix is not symmetric or has a negative
    /// eigenvalue.
    pub fn new(mean: Vec<f64>, covariance: Vec<f64>) -> Result<Self, MetricError> {
        let width = mean.len();
        let wrong = |reason: String| Err(MetricError::covariance(width, &reason));
        if width == 0 || covariance.len() != width * width {
            return wrong(format!("it has {} values instead of {}", covariance.len(), width * width));
        }
        if !mean.iter().chain(&covariance).all(|v| v.is_finite()) {
            return wrong("it or the mean has values that are not finite".into());
        }
        let largest = covariance.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        let entry = |i: usize, j: usize| covariance[i * width + j];
        let pairs = (0..width).flat_map(|i| (0..i).map(move |j| (i, j)));
        for (i, j) in pairs {
            if (entry(i, j) - entry(j, i)).abs() > ASYMMETRY * largest {
                return wrong(format!("entry ({i}, {j}) is {} and entry ({j}, {i}) is {}", entry(i, j), entry(j, i)));
            }
        }
        let moments = Self { mean, covariance, samples: None };
        let Ok(eigenvalues) = moments.matrix().self_adjoint_eigenvalues(faer::Side::Lower) else {
            return wrong("its eigenvalues did not converge".into());
        };
        let least = eigenvalues.iter().fold(f64::INFINITY, |m, v| m.min(*v));
        let largest = eigenvalues.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        if least < -NEGATIVE * largest {
            return wrong(format!("its smallest eigenvalue is {least:.6e}; expected none below 0"));
        }
        Ok(moments)
    }

    /// Number of dimensions, F.
    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// The mean, `[F]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariance, `[F, F]`.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// Number of samples, where it is known.
    pub fn samples(&self) -> Option<usize> {
        self.samples
    }

    pub(crate) fn matrix(&self) -> MatRef<'_, f64> {
        MatRef::from_row_major_slice(&self.covariance, self.width(), self.width())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_formulas_over_several_blocks() {
        // x = (t, -2 t + 1) for t = 0 ... n - 1: variance of t is n (n + 1) / 12.
        let n = 2 * BLOCK + 17;
        let values: Vec<f64> = (0..n).flat_map(|t| [t as f64, 1.0 - 2.0 * t as f64]).collect();
        let moments = Moments::of(Features::new(&values, 2).unwrap()).unwrap();
        let middle = (n - 1) as f64 / 2.0;
        let variance = (n * (n + 1)) as f64 / 12.0;
        let expected = [1.0, -2.0, -2.0, 4.0].map(|f| f * variance);
        for (found, expected) in moments.covariance().iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
        }
        assert_eq!(moments.mean(), [middle, 1.0 - 2.0 * middle]);
        assert_eq!(moments.samples(), Some(n));
    }

    #[test]
    fn a_large_mean_costs_no_digits_of_the_variance() {
        let values: Vec<f64> = (0..100).map(|i| 1e6 + f64::from(i % 2)).collect();
        let moments = Moments::of(Features::new(&values, 1).unwrap()).unwrap();
        assert!((moments.covariance()[0] - 25.0 / 99.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_covariance_is_refused_with_the_reason() {
        let error = |mean: &[f64], covariance: &[f64]| {
            let moments = Moments::new(mean.into(), covariance.into());
            moments.unwrap_err().to_string()
        };
        assert!(error(&[0.0; 2], &[1.0; 3]).contains("it has 3 values instead of 4"));
        assert!(error(&[0.0, f64::NAN], &[1.0; 4]).contains("not finite"));
        let text = error(&[0.0; 2], &[1.0, 0.5, 0.2, 1.0]);
        assert!(text.contains("entry (1, 0) is 0.2 and entry (0, 1) is 0.5"), "{text}");
        // [[1, 2], [2, 1]] has the eigenvalues -1 and 3.
        let text = error(&[0.0; 2], &[1.0, 2.0, 2.0, 1.0]);
        assert!(text.contains("its smallest eigenvalue is -1.000000e0; expected none below 0"), "{text}");
        // Rounding to single precision, of a singular matrix, is no reason.
        assert!(Moments::new(vec![0.0; 2], vec![1.0, 1.0, 1.0, 1.0 - 1e-7]).is_ok());
        let too_few = Moments::of(Features::new(&[0.5, -1.0, 2.0], 3).unwrap()).unwrap_err();
        assert_eq!(too_few.to_string(), "a covariance needs at least 2 samples, there are 1");
    }
}
