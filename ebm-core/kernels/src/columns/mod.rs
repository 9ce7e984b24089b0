//! Taking some columns of a matrix, and putting two sets of columns together.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::prelude::*;

/// The columns `which` of `[rows, C]`, in that order.
///
/// # Panics
/// If there is no such column.
pub fn take_columns(x: Matrix<SharedTape>, which: &[usize]) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (rows, width) = *x.shape();
    assert!(which.iter().all(|c| *c < width), "columns {which:?} of {width}");
    let y = filled((rows, which.len()), |y| backend::choose(rows, width, which, stored(&x)?.read(), y));
    let which = which.to_vec();
    record_unary(tape, &x, y, move |gx, g| backend::add_to_chosen(rows, width, &which, view(&g), gx))
}

/// The matrix whose columns `first` are those of `a` and whose columns `second` are those of `b`.
///
/// # Panics
/// If the two sets do not number the columns 0, 1, ... once each.
pub fn join_columns(
    a: Matrix<SharedTape>,
    first: &[usize],
    b: Matrix<SharedTape>,
    second: &[usize],
) -> Matrix<SharedTape> {
    let ((a, tape), (b, other)) = (a.split_tape(), b.split_tape());
    let (rows, width) = (a.shape().0, first.len() + second.len());
    assert!((0..width).all(|c| first.contains(&c) != second.contains(&c)), "columns {first:?} and {second:?}");
    let y = filled((rows, width), |y| backend::join(rows, (first, second), stored(&a)?.read(), stored(&b)?.read(), y));
    let (first, second) = (first.to_vec(), second.to_vec());
    record_binary(
        tape.merge(other),
        Some(&a),
        &b,
        y,
        move |ga, g| backend::add_chosen(rows, width, &first, view(g), ga),
        move |gb, g| backend::add_chosen(rows, width, &second, view(&g), gb),
    )
}

/// `[a, b]`, `[rows, Ca + Cb]`: the columns of `b` to the right of those of `a`.
pub fn concatenate(a: Matrix<SharedTape>, b: Matrix<SharedTape>) -> Matrix<SharedTape> {
    let (left, right) = (a.shape().1, b.shape().1);
    let all: Vec<usize> = (0..left + right).collect();
    join_columns(a, &all[..left], b, &all[left..])
}

crate::selftest_cases!(|| {
    let rows = |name: &str| Operation::new(name, 67, 9).tangents(0);
    vec![
        rows("take_columns").case(|x, _, _| take_columns(x, &[7, 0, 3])),
        rows("join_columns").case(|x, _, _| {
            let (ends, others) = (take_columns(x.clone(), &[8, 0]), take_columns(x, &[4, 1, 6]));
            join_columns(ends, &[4, 1], others, &[0, 2, 3])
        }),
        rows("concatenate")
            .array(67 * 4, 0)
            .case(|x, _, arrays| concatenate(x.clone(), beside(&x, &arrays[0], (67, 4)))),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_values() {
        let x = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3)).put_tape(SharedTape::off());
        let a = take_columns(x.clone(), &[2, 0]);
        assert_eq!(a.as_vec(), vec![3.0, 1.0, 6.0, 4.0]);
        let b = take_columns(x.clone(), &[1]);
        assert_eq!(join_columns(a, &[2, 0], b.clone(), &[1]).as_vec(), x.as_vec());
        assert_eq!(concatenate(b, x).as_vec(), vec![2.0, 1.0, 2.0, 3.0, 5.0, 4.0, 5.0, 6.0]);
    }
}
