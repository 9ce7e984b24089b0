use crate::prelude::*;

/// `ln N(z_r; m_r, e^(l_r))` with `outputs_r = [m_r, l_r]` and l kept between `low` and `high`; slopes of its mean in the outputs.
pub fn log_density(
    rows: usize,
    d: usize,
    low: f64,
    high: f64,
    outputs: In,
    z: In,
    values: Out<f64>,
    slopes: Out,
) -> DevResult {
    let share = 1.0 / rows as f64;
    let given = outputs.chunks_exact(2 * d).zip(z.chunks_exact(d));
    for ((outputs, z), (value, slopes)) in given.zip(values.iter_mut().zip(slopes.chunks_exact_mut(2 * d))) {
        for k in 0..d {
            let given = f64::from(outputs[d + k]);
            let (log_variance, turn) = super::limited(given, low, high);
            let precision = (-log_variance).exp();
            let error = f64::from(z[k]) - f64::from(outputs[k]);
            *value -= 0.5 * (std::f64::consts::TAU.ln() + log_variance + error * error * precision);
            slopes[k] = (share * error * precision) as Real;
            slopes[d + k] = (0.5 * share * (error * error * precision - 1.0) * turn) as Real;
        }
    }
    Ok(())
}
