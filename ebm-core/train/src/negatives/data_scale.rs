use ebm_core::data::{Dataset, column_moments};
use ebm_core::{device::Real, random::Random};

/// Most samples that the moments are estimated from, and most values: fewer samples of wide data.
const SAMPLES: usize = 10_000;
const VALUES: usize = 1 << 22;
/// The smallest deviation of a column, in the root mean square of those of all columns.
const FLOOR: f64 = 0.01;

/// Where the data are: mean and standard deviation along each column.
#[derive(Clone, Debug)]
pub(super) struct DataScale {
    columns: Vec<(f64, f64)>,
}

impl DataScale {
    /// Estimates the moments from a draw of the training part.
    pub fn of(data: &dyn Dataset, random: Random) -> Self {
        let width = data.width();
        let rows = SAMPLES.min((VALUES / width).max(2));
        Self::from_moments(column_moments(&data.draw(rows, random.stream("data-scale")), width))
    }

    /// A column that hardly varies gets a hundredth of what the others do: chains and a Gaussian need some room in it.
    pub fn from_moments(moments: Vec<(f64, f64)>) -> Self {
        let total: f64 = moments.iter().map(|(_, variance)| variance).sum();
        let usual = (total / moments.len() as f64).sqrt();
        let floor = if usual > 0.0 { FLOOR * usual } else { 1.0 };
        Self { columns: moments.into_iter().map(|(mean, variance)| (mean, variance.sqrt().max(floor))).collect() }
    }

    /// Number of columns, `D`.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The distance of a point from the mean, in deviations.
    pub fn distance(&self, point: &[Real]) -> f64 {
        let square = |(x, (mean, s)): (&Real, &(f64, f64))| ((f64::from(*x) - mean) / s).powi(2);
        point.iter().zip(&self.columns).map(square).sum::<f64>().sqrt()
    }

    /// The point at these deviations from the mean.
    pub fn point(&self, deviations: impl Iterator<Item = f64>) -> impl Iterator<Item = Real> {
        deviations.zip(&self.columns).map(|(u, (mean, s))| (mean + s * u) as Real)
    }

    /// The logarithm of the product of the deviations.
    pub fn log_volume(&self) -> f64 {
        self.columns.iter().map(|(_, deviation)| deviation.ln()).sum()
    }

    /// `s x` of values `[B, D]`, row-major.
    pub fn stretched(&self, values: &[Real]) -> Vec<Real> {
        values.iter().zip(self.columns.iter().cycle()).map(|(x, (_, deviation))| x * *deviation as Real).collect()
    }

    /// `x / s` of values `[B, D]`, row-major.
    pub fn shrunk(&self, values: &[Real]) -> Vec<Real> {
        values.iter().zip(self.columns.iter().cycle()).map(|(x, (_, deviation))| x / *deviation as Real).collect()
    }

    /// Whether a point is finite, and within so many standard deviations of the mean along each column.
    pub fn contains(&self, point: &[Real], deviations: f64) -> bool {
        point.iter().zip(&self.columns).all(|(x, (mean, s))| (f64::from(*x) - mean).abs() <= deviations * s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_measured_by_the_moments_and_a_constant_column_keeps_some_room() {
        // Deviations 3, 0 and 4: their root mean square is 5 / sqrt 3.
        let scale = DataScale::from_moments(vec![(1.0, 9.0), (5.0, 0.0), (-1.0, 16.0)]);
        let room = 0.05 / 3.0f64.sqrt();
        assert!((scale.columns[1].1 - room).abs() < 1e-12);
        let point = [7.0, 5.0, -9.0];
        assert!(scale.contains(&point, 2.0) && !scale.contains(&point, 1.9));
        assert_eq!(scale.stretched(&[1.0, 0.0, -1.0, -0.5, 0.0, 0.25]), [3.0, 0.0, -4.0, -1.5, 0.0, 1.0]);
        assert!(!scale.contains(&[Real::NAN, 5.0, 0.0], 10.0));
        assert_eq!(DataScale::from_moments(vec![(5.0, 0.0)]).columns, [(5.0, 1.0)]);
    }
}
