//! Rows made of two rows each: `y_r = a_r x_r + b_r v_r`.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::prelude::*;

/// `y_r = a_r x_(r mod m) + b_r v_(r mod k)`, `[R, C]`, for `x` `[m, C]` and `v` `[k, C]`, and R factors `a` and `b` each: rows that
/// are fewer are repeated.
///
/// It carries samples along a process, `x_t = a x_0 + s n`, and puts points beside them, `x + h v` for several v of each x.
/// Nothing is recorded.
///
/// # Panics
/// If the widths differ, the numbers of factors do, or there are factors for no rows.
pub fn combine<C: Dim>((x, a): (&Rows<C>, &[Real]), (v, b): (&Rows<C>, &[Real])) -> Rows<C> {
    let ((first, columns), (second, others), rows) = (*x.shape(), *v.shape(), a.len());
    assert_eq!(columns.size(), others.size(), "rows of two widths");
    assert_eq!(rows, b.len(), "two factors for each row");
    assert!(rows == 0 || (first > 0 && second > 0), "{rows} rows of {first} and {second}");
    filled((rows, columns), |y| {
        let factors = upload([a, b].concat())?;
        let (x, v) = (stored(x)?, stored(v)?);
        backend::combine(rows, columns.size(), first, second, view(&factors), x.read(), v.read(), y)
    })
}

crate::selftest_cases!(|| {
    vec![Case::kernel("combine", || {
        let (x, v) = (matrix("combine/x", 17, 75), matrix("combine/v", 34, 75));
        let (a, b) = (numbers("combine/a", 68), numbers("combine/b", 68));
        vec![Quantity::Value.of(&combine((&x, &a), (&v, &b)))]
    })]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_repeated_as_often_as_there_are_factors() {
        let (x_rows, v_rows) = (check::matrix(2, 5, 1.0, 1), check::matrix(3, 5, 1.0, 2));
        let (x, v) = (x_rows.as_vec(), v_rows.as_vec());
        let [a, b] = [3, 4].map(|seed| check::array(7, 1.0, seed).as_vec());
        let found = combine((&x_rows, &a), (&v_rows, &b));
        assert_eq!(*found.shape(), (7, 5));
        for (i, found) in found.as_vec().into_iter().enumerate() {
            let (row, column) = (i / 5, i % 5);
            let truth = a[row] * x[row % 2 * 5 + column] + b[row] * v[row % 3 * 5 + column];
            assert!((found - truth).abs() <= 4.0 * Real::EPSILON * truth.abs().max(1.0), "{i}");
        }
        // The first row alone.
        assert_eq!(combine((&x_rows, &[1.0]), (&v_rows, &[0.0])).as_vec(), x[..5]);
        assert_eq!(combine((&x_rows, &[]), (&v_rows, &[])).shape().0, 0);
    }
}
