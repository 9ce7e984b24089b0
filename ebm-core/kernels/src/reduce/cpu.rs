use crate::math::dot;
use crate::prelude::*;

/// `y = scale sum_i x_i`
pub fn scaled_sum(_: usize, scale: f64, x: In, y: Out) -> DevResult {
    let total: f64 = x.iter().map(|&v| f64::from(v)).sum();
    y[0] = (total * scale) as Real;
    Ok(())
}

/// `y += sum_i a_i b_i`
pub(crate) fn add_dot(a: In, b: In, y: Out) -> DevResult {
    y[0] += a.iter().zip(b).map(|(a, b)| a * b).sum::<Real>();
    Ok(())
}

/// `y_r = sum_c a_rc b_rc`
pub fn row_dot(_: usize, columns: usize, a: In, b: In, y: Out) -> DevResult {
    vectorised(|| {
        let rows = a.chunks_exact(columns).zip(b.chunks_exact(columns));
        y.iter_mut().zip(rows).for_each(|(y, (a, b))| *y = dot(a, b));
    });
    Ok(())
}

/// `y_rc += factors_r x_rc`
pub fn add_scaled_rows(_: usize, columns: usize, factors: In, x: In, y: Out) -> DevResult {
    vectorised(|| {
        for ((y, x), factor) in y.chunks_exact_mut(columns).zip(x.chunks_exact(columns)).zip(factors) {
            y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
        }
    });
    Ok(())
}
