use ebm_core::device::Real;

use super::MetricError;

/// Features `[n, F]` of n samples, row-major, all finite, in double precision: files may hold it, and small
/// differences of large values need it.
#[derive(Clone, Copy, Debug)]
pub struct Features<'a> {
    values: &'a [f64],
    width: usize,
}

impl<'a> Features<'a> {
    /// Rows of `width` values.
    ///
    /// # Errors
    /// If they are not whole rows, or a value is not finite.
    pub fn new(values: &'a [f64], width: usize) -> Result<Self, MetricError> {
        if width == 0 || !values.len().is_multiple_of(width) {
            return Err(MetricError::rows(values.len(), width));
        }
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            let place = (index / width, index % width);
            return Err(MetricError::value("features", place, values[index], "a finite number"));
        }
        Ok(Self { values, width })
    }

    /// Number of samples, n.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of dimensions, F.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One slice a sample.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &'a [f64]> {
        self.values.chunks_exact(self.width)
    }

    /// The first samples, at most so many.
    pub fn first(self, most: usize) -> Self {
        Self { values: self.range(0..most.min(self.len())), width: self.width }
    }

    /// The values of a sample.
    pub(crate) fn row(&self, row: usize) -> &'a [f64] {
        self.range(row..row + 1)
    }

    /// The values of some of the samples.
    pub(crate) fn range(&self, rows: std::ops::Range<usize>) -> &'a [f64] {
        &self.values[rows.start * self.width..rows.end * self.width]
    }

    /// The mean of each feature; zeros without samples.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.width];
        // The mean of what the first pass leaves over makes up for its rounding, which grows with the values.
        for _ in 0..2 {
            let mut rest = vec![0.0; self.width];
            for row in self.rows() {
                rest.iter_mut().zip(row.iter().zip(&mean)).for_each(|(rest, (value, mean))| *rest += value - mean);
            }
            let count = self.len().max(1) as f64;
            mean.iter_mut().zip(rest).for_each(|(mean, rest)| *mean += rest / count);
        }
        mean
    }
}

/// Values in the precision that features have.
pub(crate) fn double(values: &[Real]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// Values in the precision that networks of others have.
pub(super) fn single(values: &[Real]) -> Vec<f32> {
    #[allow(clippy::unnecessary_cast)] // `Real` is f64 in a build for gradient checks.
    values.iter().map(|v| *v as f32).collect()
}

/// Samples `[n, pixels, channels]` as `[n, channels, pixels]`.
pub(crate) fn planes<T: Copy>(samples: &[T], pixels: usize, channels: usize) -> Vec<T> {
    let planes = |sample: &[T]| -> Vec<T> {
        (0..channels).flat_map(|channel| sample[channel..].iter().step_by(channels)).copied().collect()
    };
    samples.chunks_exact(pixels * channels).flat_map(planes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_rows_and_values_that_are_no_numbers_are_named() {
        let error = Features::new(&[1.0; 7], 3).unwrap_err();
        assert_eq!(error.to_string(), "7 values do not make whole rows of 3");
        assert!(Features::new(&[], 0).is_err());
        let error = Features::new(&[0.0, 1.0, f64::NAN, 2.0], 2).unwrap_err().to_string();
        assert_eq!(error, "features: row 1, column 0, both counted from 0, is NaN; expected a finite number");
    }

    #[test]
    fn the_mean_of_large_values_is_right_to_the_last_digit() {
        // Each partial sum is rounded in a plain sum of such values: it is off by 6e-5 here.
        let values: Vec<f64> = (0..10_000).map(|i| 1e9 + f64::from(i % 10) / 1024.0).collect();
        assert_eq!(Features::new(&values, 1).unwrap().mean(), [1e9 + 4.5 / 1024.0]);
    }

    #[test]
    fn channels_become_images() {
        let samples = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0, 5.0, 50.0, 6.0, 60.0];
        let expected = [1.0, 2.0, 3.0, 10.0, 20.0, 30.0, 4.0, 5.0, 6.0, 40.0, 50.0, 60.0];
        assert_eq!(planes(&samples, 3, 2), expected);
    }
}
