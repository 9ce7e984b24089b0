use crate::prelude::*;
use std::f64::consts::{E, TAU};

/// A Gaussian in any number of dimensions, of mean 0 and variance 1, whose neighbouring coordinates are correlated.
///
/// The coordinates are a stationary autoregression of order one, so the correlation of two of them falls with their distance
/// as `correlation^|i - j|`. The entropy is `D/2 ln(2 pi e) + (D - 1)/2 ln(1 - correlation^2)` nats.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gaussian {
    /// Number of dimensions, D.
    #[default(10)]
    pub dimensions: usize,
    /// Correlation of neighbouring coordinates.
    #[default(0.5)]
    pub correlation: f64,
}

impl Dataset for Gaussian {
    fn width(&self) -> usize {
        self.dimensions
    }
    fn draw(&self, n: usize, random: Random) -> Vec<Real> {
        let mut values = random.stream("gaussian").normals(n * self.dimensions);
        let (keep, new) = (self.correlation as Real, (1.0 - self.correlation.powi(2)).sqrt() as Real);
        for row in values.chunks_exact_mut(self.dimensions) {
            (1..row.len()).for_each(|k| row[k] = keep * row[k - 1] + new * row[k]);
        }
        values
    }
    fn entropy(&self) -> Option<f64> {
        let d = self.dimensions as f64;
        Some(0.5 * d * (TAU * E).ln() + 0.5 * (d - 1.0) * (1.0 - self.correlation.powi(2)).ln())
    }
}

impl DatasetSpec for Gaussian {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.dimensions > 0, "dimensions", self.dimensions, "a number > 0")?;
        let within = self.correlation.abs() < 1.0;
        ConfigError::require(within, "correlation", self.correlation, "a number in (-1, 1)")
    }
    fn load(&self, _: &Path, _: Random) -> Result<Box<dyn Dataset>, DataError> {
        Ok(Box::new(self.clone()))
    }
}

register_dataset!(
    Gaussian,
    name: "gaussian",
    summary: "a Gaussian with correlated coordinates, of known entropy (any D)",
    reference: "closed form",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariance_and_entropy_are_those_stated() {
        let data = Gaussian { dimensions: 3, correlation: -0.6 };
        let n = 40_000;
        let values = data.draw(n, Random::new(1));
        let mean = |i: usize, j: usize| {
            values.chunks_exact(3).map(|row| f64::from(row[i]) * f64::from(row[j])).sum::<f64>() / n as f64
        };
        // Standard errors sqrt((1 + rho^2)/n) <= 0.0071.
        for (i, j, truth) in [(0, 0, 1.0), (2, 2, 1.0), (0, 1, -0.6), (1, 2, -0.6), (0, 2, 0.36)] {
            assert!((mean(i, j) - truth).abs() < 0.035, "{i} {j}: {} is not {truth}", mean(i, j));
        }
        // 3/2 ln(2 pi e) + 1/2 ln det, with det = (1 - 0.36)^2 = 0.4096.
        assert!((data.entropy().unwrap() - (4.256_815_6 - 0.446_287_1)).abs() < 1e-6);
        assert_ne!(data.draw(5, Random::new(1)), data.held_out(5, Random::new(1)));
    }
}
