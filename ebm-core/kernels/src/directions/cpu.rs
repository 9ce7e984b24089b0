use crate::prelude::*;

/// `y_bk = <u_kb, x_b>`
pub fn project(batch: usize, count: usize, width: usize, rows: In, x: In, y: Out) -> DevResult {
    for b in 0..batch {
        for k in 0..count {
            y[b * count + k] = dot(&x[b * width..][..width], &rows[(k * batch + b) * width..][..width]);
        }
    }
    Ok(())
}

/// `y_r = sum_k c_rk u_kb`, where r belongs to sample `b = r mod batch`.
pub fn weigh_rows(batch: usize, count: usize, width: usize, _: usize, rows: In, coefficients: In, y: Out) -> DevResult {
    let of_rows = y.chunks_exact_mut(width.max(1)).zip(coefficients.chunks_exact(count.max(1)));
    for (r, (y, coefficients)) in of_rows.enumerate() {
        for (k, c) in coefficients.iter().enumerate() {
            let row = &rows[(k * batch + r % batch) * width..][..width];
            y.iter_mut().zip(row).for_each(|(y, u)| *y += c * u);
        }
    }
    Ok(())
}

/// Half the square of every row's length, and the row.
pub fn half_squares(_: usize, width: usize, x: In, sizes: Out, slopes: Out) -> DevResult {
    each_row(width, x, sizes, slopes, |row| 0.5 * dot(row, row))
}

/// Every row's length, and the unit vector.
pub fn lengths(_: usize, width: usize, x: In, sizes: Out, slopes: Out) -> DevResult {
    each_row(width, x, sizes, slopes, |row| {
        let length = dot(row, row).sqrt();
        let inverse = if length > 0.0 { 1.0 / length } else { 0.0 };
        row.iter_mut().for_each(|v| *v *= inverse);
        length
    })
}

/// Every row's p-norm, and its derivative.
pub fn p_norms(_: usize, width: usize, p: Real, x: In, sizes: Out, slopes: Out) -> DevResult {
    each_row(width, x, sizes, slopes, |row| {
        // Relative to the largest element, so that no power overflows.
        let largest = row.iter().fold(0.0 as Real, |m, v| m.max(v.abs()));
        if largest == 0.0 {
            // Zero, or no number.
            return row.iter().sum();
        }
        let total: Real = row.iter().map(|v| (v.abs() / largest).powf(p)).sum();
        let length = largest * total.powf(1.0 / p);
        row.iter_mut().for_each(|v| *v = v.signum() * (v.abs() / length).powf(p - 1.0));
        length
    })
}

/// Unit vectors of every sample, from that of axis `first` on.
pub fn axes(batch: usize, width: usize, first: usize, _: usize, y: Out) -> DevResult {
    for (row, y) in y.chunks_exact_mut(width).enumerate() {
        y[first + row / batch] = 1.0;
    }
    Ok(())
}

/// Copies x to `slopes`, every row of which `f` replaces by the derivative of the size that it returns.
fn each_row(width: usize, x: In, sizes: Out, slopes: Out, f: impl Fn(&mut [Real]) -> Real) -> DevResult {
    slopes.copy_from_slice(x);
    let rows = slopes.chunks_exact_mut(width.max(1));
    sizes.iter_mut().zip(rows).for_each(|(size, row)| *size = f(row));
    Ok(())
}

fn dot(a: In, b: In) -> Real {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
