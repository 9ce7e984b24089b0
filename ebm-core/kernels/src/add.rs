//! The sum of two branches: `y = a + b`.

use crate::elementwise::add_up;
use crate::prelude::*;

/// `a + b` of the same shape, for values and tangents alike.
///
/// # Panics
/// If the shapes differ.
pub fn add(a: Matrix<SharedTape>, b: Matrix<SharedTape>) -> Matrix<SharedTape> {
    let ((a, tape), (b, other)) = (a.split_tape(), b.split_tape());
    assert_eq!(a.shape(), b.shape(), "a sum of two shapes");
    let y = total(&a, &b);
    record_binary(tape.merge(other), Some(&a), &b, y, accumulate, |gb, g| accumulate(gb, &g))
}

/// `a + b` without a tape.
pub fn total<S: Shape>(a: &Tensor<S, Real, Dev>, b: &Tensor<S, Real, Dev>) -> Tensor<S, Real, Dev> {
    filled(*a.shape(), |y| add_up(y.len(), stored(a)?.read(), stored(b)?.read(), y))
}

crate::selftest_cases!(|| {
    let operation = Operation::new("add", 67, 9).tangents(0).array(67 * 9, 0);
    vec![operation.case(|x, _, arrays| add(x.clone(), beside(&x, &arrays[0], *x.shape())))]
});
