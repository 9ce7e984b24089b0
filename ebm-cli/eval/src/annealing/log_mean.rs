/// `log( 1/n sum_i w_i )` of independent weights, with what it can be judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogMean {
    /// The logarithm of the mean, in nats; minus infinity if all weights are zero.
    pub value: f64,
    /// Its standard error by the delta method: the weights' relative one. Too small where few weights carry the mean.
    pub standard_error: f64,
    /// `(sum w)^2 / sum w^2`: how many equal weights would spread as little.
    pub effective: f64,
}

impl LogMean {
    /// Computes the mean of the weights `exp(l)`.
    pub fn of(logarithms: &[f64]) -> Self {
        let n = logarithms.len() as f64;
        let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return Self { value: f64::NEG_INFINITY, standard_error: f64::INFINITY, effective: 0.0 };
        }
        let weights: Vec<f64> = logarithms.iter().map(|l| (l - largest).exp()).collect();
        let (sum, squares) = weights.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        let mean = sum / n;
        let variance = weights.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Self {
            value: largest + mean.ln(),
            standard_error: (variance / n).sqrt() / mean,
            effective: sum * sum / squares,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_that_of_the_weights_however_large_they_are() {
        // Weights 1, 2, 3, 6: mean 3, unbiased variance 14/3, effective number 144 / 50.
        let logarithms = [1.0f64, 2.0, 3.0, 6.0].map(f64::ln);
        for shift in [0.0, 5000.0, -5000.0] {
            let found = LogMean::of(&logarithms.map(|l| l + shift));
            assert!((found.value - shift - 3f64.ln()).abs() < 1e-9, "{found:?}");
            assert!((found.standard_error - (14f64 / 12.0).sqrt() / 3.0).abs() < 1e-9, "{found:?}");
            assert!((found.effective - 2.88).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn weights_of_zero_count_as_such() {
        let found = LogMean::of(&[f64::NEG_INFINITY, 0.0]);
        assert!((found.value + 2f64.ln()).abs() < 1e-12);
        assert_eq!((found.effective, LogMean::of(&[f64::NEG_INFINITY; 3]).effective), (1.0, 0.0));
    }
}
