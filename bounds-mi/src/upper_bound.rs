use faer::{MatRef, Side};

/// Half as many samples as dimensions make no covariance; below this many a dimension a diagonal one is fitted.
const SAMPLES_A_DIMENSION: usize = 2;

/// `-ln N(x_i; m, S)` in nats for every row of `[n, width]`, with m and S fitted to the *other* half of the rows.
///
/// The cross-entropy with any fixed density is at least the entropy (Gibbs), and m and S are fixed as far as x_i is
/// concerned: so the mean is an upper bound of the entropy without bias. The plug-in value `1/2 ln det(2 pi e S)` of one
/// sample covariance is not: the logarithm makes it too low on average. The best Gaussian has the entropy of the same
/// covariance, the largest there is.
///
/// `None` for fewer than 4 rows, or rows that do not vary.
pub(crate) fn gaussian_cross_entropy(rows: &[f64], width: usize) -> Option<Vec<f64>> {
    let count = rows.len() / width;
    if count < 4 {
        return None;
    }
    let (first, second) = rows.split_at(count / 2 * width);
    let mut values = Gaussian::fit(second, width)?.surprise(first);
    values.extend(Gaussian::fit(first, width)?.surprise(second));
    Some(values)
}

struct Gaussian {
    mean: Vec<f64>,
    /// Lower triangular factor of the covariance, `[width, width]` row-major.
    factor: Vec<f64>,
}

impl Gaussian {
    fn fit(rows: &[f64], width: usize) -> Option<Self> {
        let count = rows.len() / width;
        let mut mean = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(m, x)| *m += x / count as f64);
        }
        let whole = count >= SAMPLES_A_DIMENSION * width;
        let mut covariance = vec![0.0; width * width];
        for row in rows.chunks_exact(width) {
            for i in 0..width {
                let others = if whole { 0..i + 1 } else { i..i + 1 };
                for j in others {
                    covariance[i * width + j] += (row[i] - mean[i]) * (row[j] - mean[j]) / (count - 1) as f64;
                }
            }
        }
        let lower = MatRef::from_row_major_slice(&covariance[..], width, width).llt(Side::Lower).ok()?;
        let factor: Vec<f64> = (0..width * width).map(|k| lower.L()[(k / width, k % width)]).collect();
        let good = (0..width).all(|i| factor[i * width + i] > 0.0 && factor[i * width + i].is_finite());
        good.then_some(Self { mean, factor })
    }

    /// `-ln N(x; m, S) = D/2 ln(2 pi) + sum_i ln L_ii + ||L^-1 (x - m)||^2 / 2` for every row.
    fn surprise(&self, rows: &[f64]) -> Vec<f64> {
        let width = self.mean.len();
        let log_volume: f64 = (0..width).map(|i| self.factor[i * width + i].ln()).sum();
        let constant = 0.5 * width as f64 * std::f64::consts::TAU.ln() + log_volume;
        let mut y = vec![0.0; width];
        let surprise = |row: &[f64]| {
            for i in 0..width {
                let known: f64 = (0..i).map(|j| self.factor[i * width + j] * y[j]).sum();
                y[i] = (row[i] - self.mean[i] - known) / self.factor[i * width + i];
            }
            constant + 0.5 * y.iter().map(|v| v * v).sum::<f64>()
        };
        rows.chunks_exact(width).map(surprise).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::{Guarantee, Measurement};
    use ebm_core::random::Random;

    fn bound(rows: &[f64], width: usize) -> Measurement {
        Measurement::of(gaussian_cross_entropy(rows, width).unwrap(), Guarantee::certified("test"))
    }

    #[test]
    fn of_gaussian_samples_it_is_their_entropy() {
        // x = (2 u, u + 3 v): det of the covariance 4 * 9; H = ln(2 pi e) + ln 6 = 2.837877 + 1.791759.
        let normals = Random::new(1).normals(40_000);
        let rows: Vec<f64> = normals
            .chunks_exact(2)
            .flat_map(|n| [2.0 * f64::from(n[0]), f64::from(n[0]) + 3.0 * f64::from(n[1])])
            .collect();
        let found = bound(&rows, 2);
        assert!((found.value - 4.629_637).abs() < 4.0 * found.standard_error);
        // The entropy's own spread: sqrt(D/(2 n)).
        assert!((found.standard_error / (2.0f64 / 40_000.0).sqrt() - 1.0).abs() < 0.05);
    }

    #[test]
    fn of_uniform_samples_it_is_above_their_entropy_and_unbiased_in_small_batches() {
        // Entropy of the unit square 0; of the Gaussian of the same covariance ln(2 pi e / 12) = 0.352970.
        let mut below = 0;
        let mut total = 0.0;
        for seed in 0..400 {
            let rows: Vec<f64> = Random::new(seed).uniforms(32).into_iter().map(f64::from).collect();
            let value = bound(&rows, 2).value;
            total += value / 400.0;
            below += usize::from(value < 0.352_970);
        }
        assert!(total > 0.352_970, "{total}");
        assert!(below > 0, "some single estimates are below, or the test proves nothing");
    }

    #[test]
    fn few_samples_of_many_dimensions_get_a_diagonal_and_too_few_nothing() {
        let rows: Vec<f64> = Random::new(1).normals(400).into_iter().map(f64::from).collect();
        let value = bound(&rows, 20).value;
        // 20 rows of 20 standard normal values, entropy 20 * 1.418939.
        assert!(value.is_finite() && value > 28.0, "{value}");
        assert!(gaussian_cross_entropy(&rows[..60], 20).is_none());
        assert!(gaussian_cross_entropy(&[1.0; 20], 2).is_none());
    }
}
