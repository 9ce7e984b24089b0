//! Mean and spread over seeds.

use serde::Serialize;

/// Mean and sample standard deviation of one figure over runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The sample standard deviation, `sqrt(sum (v - mean)^2 / (n - 1))`; absent for one run.
    pub standard_deviation: Option<f64>,
    /// Number of runs.
    pub runs: usize,
}

impl Spread {
    /// The standard error of the mean, `sd / sqrt(n)`; absent for one run.
    pub fn standard_error(&self) -> Option<f64> {
        let root = (self.runs as f64).sqrt();
        self.standard_deviation.map(|deviation| deviation / root)
    }

    /// The spread of values; `None` if there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = match values {
            [] => return None,
            _ => values.iter().sum::<f64>() / count,
        };
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        Some(Self {
            mean,
            standard_deviation: (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
            runs: values.len(),
        })
    }
}

/// A number with a fixed number of decimals, in powers of ten where it is large.
pub fn number(value: f64, decimals: usize) -> String {
    match value.abs() {
        size if size >= 1e5 || value.is_nan() => format!("{value:.2e}"),
        _ => format!("{value:.decimals$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_sample() {
        let spread = Spread::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        // The textbook sample: sum of squares 32, so 32 / 7.
        assert_eq!((spread.mean, spread.runs), (5.0, 8));
        assert!((spread.standard_deviation.unwrap() - (32.0f64 / 7.0).sqrt()).abs() < 1e-15);
        // sqrt(32 / 7) / sqrt(8) = sqrt(4 / 7).
        assert!((spread.standard_error().unwrap() - (4.0f64 / 7.0).sqrt()).abs() < 1e-15);
        let one = Spread::of(&[3.0]).unwrap();
        assert_eq!((one.standard_deviation, one.standard_error()), (None, None));
        assert_eq!(Spread::of(&[]), None);
    }
}
