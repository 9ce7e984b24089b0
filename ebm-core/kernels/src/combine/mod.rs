//! Rows made of two rows each: `y_r = a_r x_r + b_r v_r`.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::device::{Dev, Real};

/// Rows of values that nothing is recorded of.
type Rows<C> = Tensor<(usize, C), Real, Dev>;

/// `y_r = a_r x_(r mod m) + b_r v_(r mod k)`, `[R, C]`, for `x` `[m, C]` and `v` `[k, C]`: R is the number of factors `a`, and of
/// factors `b`. So either may have fewer rows, which are gone through again, or more.
///
/// It carries samples along a process, `x_t = a x_0 + s n`, and puts points beside them, `x + h v` for several v of each x.
/// Nothing is recorded.
///
/// # Panics
/// If the widths differ, the numbers of factors do, or there are factors for no rows.
pub fn combine<C: Dim>((x, a): (&Rows<C>, &[Real]), (v, b): (&Rows<C>, &[Real])) -> Rows<C> {
    let ((first, columns), (second, others)) = (*x.shape(), *v.shape());
    assert_eq!(columns.size(), others.size(), "rows of two widths");
    assert_eq!(a.len(), b.len(), "two factors for each row");
    assert!(
        a.is_empty() || (first > 0 && second > 0),
        "{} rows of {first} and {second}",
        a.len()
    );
    side::combined((x, a), (v, b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check;

    #[test]
    fn rows_are_gone_through_again_as_often_as_there_are_factors() {
        let (x, v) = (check::array(10, 1.0, 1).as_vec(), check::array(15, 1.0, 2).as_vec());
        let [a, b] = [3, 4].map(|seed| check::array(7, 1.0, seed).as_vec());
        let x_rows = crate::buffers::tensor(x.clone(), (2usize, 5usize));
        let v_rows = crate::buffers::tensor(v.clone(), (3usize, 5usize));
        let found = combine((&x_rows, &a), (&v_rows, &b));
        assert_eq!(*found.shape(), (7, 5));
        for (i, found) in found.as_vec().into_iter().enumerate() {
            let (row, column) = (i / 5, i % 5);
            let truth = a[row] * x[row % 2 * 5 + column] + b[row] * v[row % 3 * 5 + column];
            assert!(
                (found - truth).abs() <= 4.0 * Real::EPSILON * truth.abs().max(1.0),
                "{i}"
            );
        }
        // The first row alone.
        assert_eq!(combine((&x_rows, &[1.0]), (&v_rows, &[0.0])).as_vec(), x[..5]);
        assert_eq!(combine((&x_rows, &[]), (&v_rows, &[])).shape().0, 0);
    }
}
