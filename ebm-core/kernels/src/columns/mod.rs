//! Taking some columns of a matrix, and putting two sets of columns together.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::columns::{concatenate, join_columns, take_columns};
//! use ebm_kernels::tape::SharedTape;
//!
//! let x: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3));
//! let x = SharedTape::off().watch(&x);
//! let (ends, middle) = (take_columns(x.clone(), &[2, 0]), take_columns(x.clone(), &[1]));
//! assert_eq!(values(&ends), [3.0, 1.0, 6.0, 4.0]);
//! // Back to where they came from.
//! let joined = join_columns(ends.clone(), &[2, 0], middle.clone(), &[1]);
//! assert_eq!(values(&joined), values(&x));
//! assert_eq!(values(&concatenate(ends, middle)), [3.0, 1.0, 2.0, 6.0, 4.0, 5.0]);
//! ```

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::buffers::native::GradientBuffer;
use crate::device::Matrix;
use crate::tape::SharedTape;
use crate::unary::recorded;

/// The columns `which` of `[rows, C]`, in that order.
pub fn take_columns(x: Matrix<SharedTape>, which: &[usize]) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let width = x.shape().1;
    let (y, which) = (side::chosen(&x, which), which.to_vec());
    recorded(tape, &x, y, move |gx, g| side::add_to_chosen(gx, width, &g, &which))
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
    let mut tape = tape.merge(other);
    let width = first.len() + second.len();
    assert!(
        (0..width).all(|c| first.contains(&c) != second.contains(&c)),
        "columns {first:?} and {second:?}"
    );
    let y = side::joined(&a, first, &b, second);
    if tape.is_recording() {
        let (yg, ag, bg) = (y.ghost(), a.ghost(), b.ghost());
        let (first, second) = (first.to_vec(), second.to_vec());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients
                .get_or_alloc_mut(&ag)?
                .update(|ga| side::add_chosen(ga, &g, width, &first))?;
            gradients
                .get_or_alloc_mut(&bg)?
                .update(|gb| side::add_chosen(gb, &g, width, &second))
        });
    }
    y.put_tape(tape)
}

/// `[a, b]`, `[rows, Ca + Cb]`: the columns of `b` to the right of those of `a`.
pub fn concatenate(a: Matrix<SharedTape>, b: Matrix<SharedTape>) -> Matrix<SharedTape> {
    let (left, right) = (a.shape().1, b.shape().1);
    let all: Vec<usize> = (0..left + right).collect();
    join_columns(a, &all[..left], b, &all[left..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::check::{self, Case};

    #[test]
    fn gradients_and_pushforward_agree_with_finite_differences() {
        let case = Case {
            name: "columns".into(),
            input: (3, 4),
            arrays: vec![],
        };
        check::operation(&case, |x, _, _| {
            let (even, odd) = ([2, 0], [1, 3]);
            join_columns(take_columns(x.clone(), &even), &odd, take_columns(x, &odd), &even)
        });
    }

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
