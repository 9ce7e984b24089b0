use crate::prelude::*;

/// `y_r = factors_0r x_r + factors_1r v_r`, where the rows of x and v are repeated.
pub fn combine(rows: usize, columns: usize, _: usize, _: usize, factors: In, x: In, v: In, y: Out) -> DevResult {
    let [x, v] = [x, v].map(|rows| rows.chunks_exact(columns).cycle());
    let (a, b) = factors.split_at(rows);
    vectorised(|| {
        for ((y, (x, v)), (a, b)) in y.chunks_exact_mut(columns).zip(x.zip(v)).zip(a.iter().zip(b)) {
            y.iter_mut().zip(x.iter().zip(v)).for_each(|(y, (x, v))| *y = a * x + b * v);
        }
    });
    Ok(())
}
