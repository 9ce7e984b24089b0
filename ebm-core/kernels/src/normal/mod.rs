//! Normal densities whose parameters a network gives.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use std::ops::RangeInclusive;

use crate::device_vec::DeviceVec;
use crate::prelude::*;

/// `ln N(z_b; m_b, diag(e^(l_b)))` in nats, `[B]`, of z `[B, d]`, and the derivatives of its mean over the batch in the
/// outputs `[m_b, l_b]`, `[B, 2d]`. In double precision; nothing is recorded.
///
/// A log-variance beyond a limit counts as the limit. Its derivative is then only passed on where it leads back.
///
/// # Panics
/// If there are not a mean and a log-variance for each value.
pub fn log_density<C: Dim>(outputs: &Matrix, z: &Rows<C>, limits: RangeInclusive<f64>) -> (DeviceVec, Matrix) {
    let (rows, columns) = (z.shape().0, z.shape().1.size());
    assert_eq!(*outputs.shape(), (rows, 2 * columns), "a mean and a log-variance for each value");
    let (low, high) = limits.into_inner();
    let mut values = run(|| zeros(rows));
    let slopes = filled(*outputs.shape(), |slopes| {
        let (outputs, z, values) = (stored(outputs)?, stored(z)?, view_mut(&mut values));
        backend::log_density(rows, columns, low, high, outputs.read(), z.read(), values, slopes)
    });
    (DeviceVec(values), slopes)
}

crate::selftest_cases!(|| {
    vec![Case::kernel("log_density", || {
        let (outputs, z) = (matrix("log_density/outputs", 68, 150), matrix("log_density/z", 68, 75));
        // Some of the log-variances are beyond.
        let (found, slopes) = log_density(&outputs, &z, -0.75..=0.5);
        vec![(Quantity::Value, found.read()), Quantity::InInputs.of(&slopes)]
    })]
});

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: usize = 3;
    const WIDTH: usize = 35;
    const LIMITS: RangeInclusive<f64> = -1.0..=1.5;

    fn at(outputs: &[Real]) -> (Vec<f64>, Vec<Real>) {
        let z = check::matrix(ROWS, WIDTH, 1.0, 2);
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
            let slope = check::slope(&outputs, i, &mean);
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
