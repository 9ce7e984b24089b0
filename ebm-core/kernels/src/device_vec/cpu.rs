use crate::prelude::*;

/// `y_r = sum_c x_rc^2`
pub fn squared_norms(_: usize, columns: usize, x: In, y: Out<f64>) -> DevResult {
    for (y, row) in y.iter_mut().zip(x.chunks_exact(columns)) {
        *y = row.iter().map(|v| f64::from(*v).powi(2)).sum();
    }
    Ok(())
}

/// The numbers, rounded.
pub fn rounded(_: usize, x: In<f64>, y: Out) -> DevResult {
    y.iter_mut().zip(x).for_each(|(y, x)| *y = *x as Real);
    Ok(())
}
