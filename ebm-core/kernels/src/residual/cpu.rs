//! Residuals on slices. `places` are the diffusions of all samples, then their units.

use crate::prelude::*;

/// `y_b = sum_k w_kb x_kb`
pub fn weighted_sums(count: usize, _: usize, weights: In<f64>, x: In, y: Out<f64>) -> DevResult {
    for (row, (x, weight)) in x.iter().zip(weights).enumerate() {
        y[row % count] += weight * f64::from(*x);
    }
    Ok(())
}

/// For each pair, with d the difference of its residuals: `d^2/2`; and for each of its samples the derivative of their mean in
/// that sample's slope, `+-d / pairs * unit`, in f64 and rounded to `Real`.
pub fn pair_residuals(
    pairs: usize,
    places: In<f64>,
    slopes: In,
    squares: In<f64>,
    sums: In<f64>,
    halves: Out<f64>,
    derivatives: Out<f64>,
    in_slopes: Out,
) -> DevResult {
    let (diffusions, units) = places.split_at(2 * pairs);
    let residual = |b: usize| (f64::from(slopes[b]) - 0.5 * diffusions[b] * (squares[b] + sums[b])) * units[b];
    for p in 0..pairs {
        let d = residual(p) - residual(p + pairs);
        halves[p] = 0.5 * d * d;
        derivatives[p] = d / pairs as f64 * units[p];
        derivatives[p + pairs] = -d / pairs as f64 * units[p + pairs];
    }
    in_slopes.iter_mut().zip(derivatives).for_each(|(to, from)| *to = *from as Real);
    Ok(())
}

/// `y = 1/n sum_i x_i`
pub fn mean_of_doubles(n: usize, x: In<f64>, y: Out<f64>) -> DevResult {
    y[0] = x.iter().sum::<f64>() / n as f64;
    Ok(())
}

/// `y_kb = -g_b^2/2 derivative_b w_kb`
pub fn in_sums(count: usize, _: usize, places: In<f64>, derivatives: In<f64>, weights: In<f64>, y: Out) -> DevResult {
    for (row, (y, weight)) in y.iter_mut().zip(weights).enumerate() {
        let b = row % count;
        *y = (-0.5 * places[b] * derivatives[b] * weight) as Real;
    }
    Ok(())
}
