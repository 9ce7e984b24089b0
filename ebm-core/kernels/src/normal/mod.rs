//! Normal densities whose parameters a network gives.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;
use std::ops::RangeInclusive;

use super::Figures;
use crate::device::{Dev, Matrix, Real};

/// `ln N(z_b; m_b, diag(e^(l_b)))` in nats, `[B]`, of z `[B, d]`, and the derivatives of its mean over the batch in the
/// outputs `[m_b, l_b]`, `[B, 2d]`. In double precision; nothing is recorded.
///
/// A log-variance beyond a limit counts as the limit. Its derivative is then only passed on where it leads back.
///
/// # Panics
/// If there are not a mean and a log-variance for each value.
pub fn log_density<C: Dim>(
    outputs: &Matrix,
    z: &Tensor<(usize, C), Real, Dev>,
    limits: RangeInclusive<f64>,
) -> (Figures, Matrix) {
    let (rows, columns) = (z.shape().0, z.shape().1.size());
    assert_eq!(
        *outputs.shape(),
        (rows, 2 * columns),
        "a mean and a log-variance for each value"
    );
    side::log_density(outputs, z, (*limits.start(), *limits.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check;

    const ROWS: usize = 3;
    const WIDTH: usize = 35;
    const LIMITS: RangeInclusive<f64> = -1.0..=1.5;

    fn at(outputs: &[Real]) -> (Vec<f64>, Vec<Real>) {
        let z = buffers::tensor(check::array(ROWS * WIDTH, 1.0, 2).as_vec(), (ROWS, WIDTH));
        let (values, slopes) = log_density(&buffers::tensor(outputs.to_vec(), (ROWS, 2 * WIDTH)), &z, LIMITS);
        (values.read(), slopes.as_vec())
    }

    #[test]
    fn values_are_those_of_the_formula_and_slopes_those_of_the_mean() {
        let outputs = check::array(ROWS * 2 * WIDTH, 1.0, 1).as_vec();
        let z = check::array(ROWS * WIDTH, 1.0, 2).as_vec();
        let (values, slopes) = at(&outputs);
        for (b, found) in values.iter().enumerate() {
            let own = &outputs[b * 2 * WIDTH..][..2 * WIDTH];
            let each = (0..WIDTH).map(|k| {
                let (mean, z) = (f64::from(own[k]), f64::from(z[b * WIDTH + k]));
                let logarithm = f64::from(own[WIDTH + k]).clamp(*LIMITS.start(), *LIMITS.end());
                -0.5 * (std::f64::consts::TAU.ln() + logarithm + (z - mean).powi(2) / logarithm.exp())
            });
            let truth: f64 = each.sum();
            assert!((found - truth).abs() < 1e-12 * truth.abs(), "{found} is not {truth}");
        }
        let mean = |outputs: &[Real]| at(outputs).0.iter().sum::<f64>() / ROWS as f64;
        let mut beyond = 0;
        for i in 0..outputs.len() {
            let moved = |by: Real| {
                let mut outputs = outputs.clone();
                outputs[i] += by;
                mean(&outputs)
            };
            let is_logarithm = i % (2 * WIDTH) >= WIDTH;
            let given = f64::from(outputs[i]);
            if is_logarithm && !LIMITS.contains(&given) {
                // No derivative: what there is leads back.
                let slope = f64::from(slopes[i]);
                let back = given < *LIMITS.start();
                assert!(slope == 0.0 || (slope > 0.0) == back, "{i}: {slope} at {given}");
                beyond += 1;
                continue;
            }
            let slope = (moved(check::STEP) - moved(-check::STEP)) / (2.0 * f64::from(check::STEP));
            check::close(&i.to_string(), f64::from(slopes[i]), slope, slope.abs());
        }
        assert!(beyond > 0, "limits that are not reached");
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        let mut outputs = vec![0.0; ROWS * 2 * WIDTH];
        outputs[2 * WIDTH - 1] = Real::NAN;
        let (values, _) = at(&outputs);
        assert!(values[0].is_nan() && values[1].is_finite());
    }
}
