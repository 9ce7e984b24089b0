use super::{Method, Value};
use ebm_core::bounds::Guarantee;
use std::ops::RangeInclusive;

/// The limits of the encoder's log-variances: standard deviations from 4.5e-5 to 7.4, for latents of deviation 1.
///
/// The value is that of the Gaussian with limited variance, so it stays a bound, and limits are come near to smoothly
/// (`ebm_core::kernels::normal::limited`), so its derivative is exact.
pub const LOG_VARIANCE: RangeInclusive<f64> = -20.0..=4.0;

/// `I(x; z) >= H[z] + E[ln q(z given x)]` for every q, with equality where q is the posterior (Barber and Agakov, NeurIPS
/// 2003). q is a Gaussian, its log-density `ebm_core::kernels::normal::log_density` of each latent given those before it, within
/// [`LOG_VARIANCE`].
pub(super) const METHOD: Method =
    Method::mean(Value::Encoder, || Guarantee::certified("in expectation, for every encoder"));

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::{kernels::normal::log_density, prelude::*};

    #[test]
    fn values_are_log_densities_of_a_normal_distribution_of_limited_variance() {
        // N(1; 0.5, 4): -1/2 ln(8 pi) - 0.25/8 = -1.612086 - 0.03125; N(-1; 0, 1): -0.918939 - 0.5.
        let outputs = tensor(vec![0.5, 0.0, (4.0 as Real).ln(), 0.0], (1, 4));
        let (found, _) = log_density(&outputs, &Fixed::<2, 2>.latents(vec![1.0, -1.0]), LOG_VARIANCE);
        assert!((found.read()[0] - (-1.612_086 - 0.031_25 - 0.918_939 - 0.5)).abs() < 1e-6);
        // N(0; 0, e^l) where the encoder says e^9, which is l = 4 - e^-6: -1/2 ln(2 pi) - 1.998761.
        let (found, _) = log_density(&tensor(vec![0.0, 9.0], (1, 2)), &Fixed::<1, 1>.latents(vec![0.0]), LOG_VARIANCE);
        assert!((found.read()[0] + 2.917_699).abs() < 1e-6);
    }
}
