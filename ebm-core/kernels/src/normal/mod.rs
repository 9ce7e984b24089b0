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
/// A log-variance stays between the limits, see [`limited`].
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

/// A log-variance as a network gives it, kept between limits, and the derivative of that: itself away from the limits, and closer to
/// them than 1, or a quarter of their distance, it comes exponentially near. So the derivative is that of the value, and never 0.
pub fn limited(given: f64, low: f64, high: f64) -> (f64, f64) {
    let near = (0.25 * (high - low)).min(1.0);
    // What is not a number stays so.
    if given > high - near {
        let left = ((high - near - given) / near).exp();
        (high - near * left, left)
    } else if given < low + near {
        let left = ((given - low - near) / near).exp();
        (low + near * left, left)
    } else {
        (given, 1.0)
    }
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
                let (logarithm, _) = limited(f64::from(own[WIDTH + k]), *LIMITS.start(), *LIMITS.end());
                -0.5 * (std::f64::consts::TAU.ln() + logarithm + (z - mean).powi(2) / logarithm.exp())
            });
            let truth: f64 = each.sum();
            assert!((found - truth).abs() < 1e-12 * truth.abs(), "{found} is not {truth}");
        }
        let mean = |outputs: &[Real]| at(outputs).0.iter().sum::<f64>() / ROWS as f64;
        for (i, found) in slopes.into_iter().enumerate() {
            let slope = check::slope(&outputs, i, &mean);
            check::close(&i.to_string(), f64::from(found), slope, slope.abs());
        }
        let beyond = |i: usize| i % (2 * WIDTH) >= WIDTH && !LIMITS.contains(&f64::from(outputs[i]));
        assert!((0..outputs.len()).any(beyond), "limits that are not reached");
    }

    #[test]
    fn a_limit_is_come_near_to_without_a_jump_in_value_or_slope() {
        let at = |given| limited(given, -20.0, 4.0);
        assert_eq!((at(0.5), at(3.0)), ((0.5, 1.0), (3.0, 1.0)));
        // 4 - e^-6 and -20 + e^-1, with the slopes of both.
        let close = |found: (f64, f64), truth: (f64, f64)| {
            assert!((found.0 - truth.0).abs() < 1e-9 && (found.1 - truth.1).abs() < 1e-9, "{found:?} {truth:?}");
        };
        close(at(9.0), (3.997_521_248, 0.002_478_752));
        close(at(-20.0), (-19.632_120_559, 0.367_879_441));
        close(at(3.0 + 1e-12), (3.0, 1.0));
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        let mut outputs = vec![0.0; ROWS * 2 * WIDTH];
        outputs[2 * WIDTH - 1] = Real::NAN;
        let (values, _) = at(&outputs);
        assert!(values[0].is_nan() && values[1].is_finite());
    }
}
