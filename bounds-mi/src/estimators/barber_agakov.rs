use super::{Method, Value};
use ebm_core::bounds::Guarantee;
use std::ops::RangeInclusive;

/// The limits of the encoder's log-variances: standard deviations from 4.5e-5 to 7.4, for latents of deviation 1.
///
/// The value is that of the Gaussian with limited variance, so it stays a bound. Beyond a limit only the derivative that
/// leads back is passed on.
pub const LOG_VARIANCE: RangeInclusive<f64> = -20.0..=4.0;

/// `ln q(z_i given x_i)` of a diagonal Gaussian, `[B]`, and the derivatives of its mean over the batch in the encoder's
/// outputs, `[B, 2d]`.
///
/// `outputs` has for each sample the d means, then the d log-variances; `latents` is `[B, d]`. Then
/// `I(x; z) >= H[z] + E[ln q(z given x)]` for every q, with equality where q is the posterior (Barber and Agakov, NeurIPS
/// 2003). Training evaluates the same function on tensors, by `kernels::normal::log_density`; the two are compared in a test.
///
/// # Panics
/// If there are not twice as many outputs as latents.
pub fn barber_agakov(outputs: &[f64], latents: &[f64], d: usize) -> (Vec<f64>, Vec<f64>) {
    assert_eq!(outputs.len(), 2 * latents.len(), "a mean and a log-variance for each latent");
    let share = 1.0 / (latents.len() / d) as f64;
    let mut slopes = vec![0.0; outputs.len()];
    let rows = outputs.chunks_exact(2 * d).zip(latents.chunks_exact(d)).zip(slopes.chunks_exact_mut(2 * d));
    let values = rows.map(|((outputs, z), slopes)| {
        let mut value = 0.0;
        for k in 0..d {
            let given = outputs[d + k];
            // NaN stays NaN, for the trainer to see.
            let log_variance = given.clamp(*LOG_VARIANCE.start(), *LOG_VARIANCE.end());
            let precision = (-log_variance).exp();
            let error = z[k] - outputs[k];
            value -= 0.5 * (std::f64::consts::TAU.ln() + log_variance + error * error * precision);
            slopes[k] = share * error * precision;
            let slope = 0.5 * share * (error * error * precision - 1.0);
            let leads_out = (given < log_variance && slope < 0.0) || (given > log_variance && slope > 0.0);
            slopes[d + k] = if leads_out { 0.0 } else { slope };
        }
        value
    });
    let values = values.collect();
    (values, slopes)
}

pub(super) const METHOD: Method = Method::mean(Value::Encoder, || Guarantee::certified("holds for every encoder"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_log_densities_of_a_normal_distribution() {
        // N(1; 0.5, 4): -1/2 ln(8 pi) - 0.25/8 = -1.612086 - 0.03125; N(-1; 0, 1): -0.918939 - 0.5.
        let (values, _) = barber_agakov(&[0.5, 0.0, 4f64.ln(), 0.0], &[1.0, -1.0], 2);
        assert!((values[0] - (-1.612_086 - 0.031_25 - 0.918_939 - 0.5)).abs() < 1e-6, "{values:?}");
    }

    #[test]
    fn slopes_agree_with_finite_differences() {
        let outputs = [0.5, -0.2, 1.0, 0.3, 0.1, 0.4, -2.0, 0.0];
        let latents = [1.0, -1.0, 0.7, 0.2];
        let mean = |outputs: &[f64]| barber_agakov(outputs, &latents, 2).0.iter().sum::<f64>() / 2.0;
        let (_, slopes) = barber_agakov(&outputs, &latents, 2);
        for (i, slope) in slopes.iter().enumerate() {
            let at = |by: f64| {
                let mut moved = outputs;
                moved[i] += by;
                mean(&moved)
            };
            let truth = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!((slope - truth).abs() < 1e-8, "{i}: {slope} {truth}");
        }
    }

    #[test]
    fn beyond_a_limit_the_value_is_that_of_the_limit_and_the_slope_leads_back() {
        // (z - m)^2 far above and below the variance at the limit.
        for (given, limit, z, back) in
            [(-30.0, -20.0, 1.0, true), (-30.0, -20.0, 0.0, false), (9.0, 4.0, 0.0, true), (9.0, 4.0, 100.0, false)]
        {
            let (beyond, slopes) = barber_agakov(&[0.0, given], &[z], 1);
            assert_eq!(beyond, barber_agakov(&[0.0, limit], &[z], 1).0);
            assert_eq!(slopes[1] != 0.0, back, "{given} {z}");
            assert!(slopes[1] == 0.0 || (slopes[1] > 0.0) == (given < limit));
        }
        assert!(barber_agakov(&[0.0, f64::NAN], &[1.0], 1).0[0].is_nan());
    }

    #[test]
    fn the_operation_that_is_trained_with_computes_the_same() {
        use ebm_core::{kernels::normal::log_density, prelude::*};

        // Log-variances around both limits and between.
        let draws = Random::new(1).normals(4 * 6);
        let outputs: Vec<Real> =
            draws.iter().enumerate().map(|(i, v)| 8.0 * v * (i % 6 > 2) as u8 as Real + v).collect();
        let z = Fixed::<3, 3>.latents(Random::new(2).normals(4 * 3));
        let table = tensor(outputs.clone(), (4, 6));
        let (found, found_slopes) = log_density(&table, &z, LOG_VARIANCE);
        let doubles = |values: Vec<Real>| values.into_iter().map(f64::from).collect::<Vec<_>>();
        let (truth, slopes) = barber_agakov(&doubles(outputs), &doubles(values(&z)), 3);
        for (found, truth) in found.read().iter().zip(&truth) {
            assert!((found - truth).abs() <= 1e-12 * truth.abs(), "{found} is not {truth}");
        }
        for (found, truth) in values(&found_slopes).into_iter().zip(slopes) {
            let error = (f64::from(found) - truth).abs();
            assert!(error <= f64::from(Real::EPSILON) * truth.abs(), "{found} is not {truth}");
        }
    }
}
