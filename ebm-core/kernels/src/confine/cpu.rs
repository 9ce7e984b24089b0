use crate::prelude::*;

/// `out = y + kappa/2 ||x||^2` for the first `primal` rows, `y + kappa <x, t>` for tangents t.
pub fn confine(rows: usize, columns: usize, primal: usize, kappa: Real, y: In, x: In, out: Out) -> DevResult {
    let row = |i: usize| &x[i * columns..(i + 1) * columns];
    let dot = |a: &[Real], b: &[Real]| -> Real { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    for i in 0..rows {
        let weight = if i < primal { 0.5 * kappa } else { kappa };
        out[i] = y[i] + weight * dot(row(i), row(i % primal));
    }
    Ok(())
}

/// `gx +=` the cotangents of x, given those of `out`.
pub fn add_confined(primal: usize, columns: usize, _: usize, kappa: Real, g: In, x: In, gx: Out) -> DevResult {
    for (i, g) in g.iter().enumerate() {
        let sample = i % primal;
        for j in 0..columns {
            // For a value row both factors are the same row, hence the weight 1/2 there.
            let weight = if i < primal { 0.5 * kappa * g } else { kappa * g };
            gx[i * columns + j] += weight * x[sample * columns + j];
            gx[sample * columns + j] += weight * x[i * columns + j];
        }
    }
    Ok(())
}
