use super::Sizes;
use super::gram::{Gram, grams_of, log_abs_det};
use crate::prelude::*;

/// `ln |det J|` and `J^-T`, laid out as the columns are, of square Jacobians.
pub fn log_abs_dets(sizes: Sizes, columns: In, values: Out, slopes: Out) -> DevResult {
    let Sizes { batch, d, .. } = sizes;
    let (mut j, mut inverse) = (vec![0.0; d * d], vec![0.0; d * d]);
    for (b, value) in values.iter_mut().enumerate() {
        let at = |i: usize, k: usize| (k * batch + b) * d + i;
        for (i, k) in pairs(d) {
            j[i * d + k] = f64::from(columns[at(i, k)]);
        }
        *value = log_abs_det(&j, d, &mut inverse) as Real;
        for (i, k) in pairs(d) {
            slopes[at(i, k)] = inverse[k * d + i] as Real;
        }
    }
    Ok(())
}

/// All pairs of numbers below d.
fn pairs(d: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..d * d).map(move |e| (e / d, e % d))
}

/// `1/2 ln det` of the Gram matrices, and their inverses `[B, d, d]`.
pub fn half_log_dets(sizes: Sizes, columns: In, values: Out) -> DevResult<Vec<f64>> {
    Ok(combined(sizes, columns, values, |gram, inverse| gram.half_log_det(inverse)))
}

/// `1/2 ln` of the smallest eigenvalues of the Gram matrices, and `v v^T / eigenvalue`, `[B, d, d]`.
pub fn log_smallests(sizes: Sizes, columns: In, values: Out) -> DevResult<Vec<f64>> {
    Ok(combined(sizes, columns, values, |gram, coefficients| {
        let (value, vector) = gram.smallest();
        for ((i, j), c) in pairs(gram.d).zip(coefficients) {
            *c = vector[i] * vector[j] / value;
        }
        0.5 * value.ln()
    }))
}

/// A function of each sample's Gram matrix whose derivative is `J C`, with the coefficients C `[d, d]` that it writes.
fn combined(sizes: Sizes, columns: In, values: Out, f: impl Fn(Gram, &mut [f64]) -> f64) -> Vec<f64> {
    let Sizes { batch, d, .. } = sizes;
    let mut coefficients = vec![0.0; batch * d * d];
    let mut to = coefficients.chunks_exact_mut((d * d).max(1)).zip(values);
    grams_of(columns, sizes, |gram| {
        if let Some((coefficients, value)) = to.next() {
            *value = f(Gram { values: gram, d }, coefficients) as Real;
        }
    });
    coefficients
}

/// `gradients += g_b slopes`
pub fn add_scaled_columns(batch: usize, _: usize, width: usize, g: In, slopes: In, gradients: Out) -> DevResult {
    let rows = gradients.chunks_exact_mut(width).zip(slopes.chunks_exact(width));
    for (row, (to, slopes)) in rows.enumerate() {
        to.iter_mut().zip(slopes).for_each(|(t, s)| *t += g[row % batch] * s);
    }
    Ok(())
}

/// `gradients += g_b J C`
pub fn add_combined_columns(
    batch: usize,
    d: usize,
    width: usize,
    coefficients: In<f64>,
    g: In,
    columns: In,
    gradients: Out,
) -> DevResult {
    for b in 0..batch {
        for (k, l) in pairs(d) {
            let weight = g[b] * coefficients[(b * d + l) * d + k] as Real;
            let to = &mut gradients[(k * batch + b) * width..][..width];
            let from = &columns[(l * batch + b) * width..][..width];
            to.iter_mut().zip(from).for_each(|(t, c)| *t += weight * c);
        }
    }
    Ok(())
}

/// `y = J (J^T J)^-1 b`
pub fn lift_through(sizes: Sizes, b: In, columns: In, y: Out) -> DevResult {
    let Sizes { batch, d, width } = sizes;
    let (mut inverse, mut sum) = (vec![0.0; d * d], vec![0.0; width]);
    let mut sample = 0;
    grams_of(columns, sizes, |gram| {
        Gram { values: gram, d }.half_log_det(&mut inverse);
        sum.fill(0.0);
        for k in 0..d {
            let weight: f64 = (0..d).map(|l| inverse[k * d + l] * f64::from(b[sample * d + l])).sum();
            let column = &columns[(k * batch + sample) * width..][..width];
            sum.iter_mut().zip(column).for_each(|(to, c)| *to += weight * f64::from(*c));
        }
        let to = &mut y[sample * width..][..width];
        to.iter_mut().zip(&sum).for_each(|(to, sum)| *to = *sum as Real);
        sample += 1;
    });
    Ok(())
}
