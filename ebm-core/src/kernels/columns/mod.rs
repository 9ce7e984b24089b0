//! Taking some columns of a matrix, and putting two sets of columns together.
//!
//! ```
//! use ebm_core::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_core::kernels::columns::{concatenate, join_columns, take_columns};
//! use ebm_core::tape::SharedTape;
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

use dfdx::prelude::*;

use crate::buffers::{self, GradientBuffer, read};
use crate::device::{Matrix, Real};
use crate::tape::SharedTape;

/// The columns `which` of `[rows, C]`, in that order.
pub fn take_columns(x: Matrix<SharedTape>, which: &[usize]) -> Matrix<SharedTape> {
    let (x, mut tape) = x.split_tape();
    let (rows, width) = *x.shape();
    let y: Vec<Real> = {
        let x = read(&x);
        x.chunks_exact(width)
            .flat_map(|row| which.iter().map(|&c| row[c]))
            .collect()
    };
    let y = buffers::tensor(y, (rows, which.len()));
    if tape.is_recording() {
        let (yg, xg, which) = (y.ghost(), x.ghost(), which.to_vec());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients.get_or_alloc_mut(&xg)?.update(|gx| {
                for (to, from) in gx.chunks_exact_mut(width).zip(g.chunks_exact(which.len())) {
                    which.iter().zip(from).for_each(|(&c, g)| to[c] += g);
                }
            })
        });
    }
    y.put_tape(tape)
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
    let (rows, width) = (a.shape().0, first.len() + second.len());
    assert!(
        (0..width).all(|c| first.contains(&c) != second.contains(&c)),
        "columns {first:?} and {second:?}"
    );
    let mut y = vec![0.0; rows * width];
    {
        let (a, b) = (read(&a), read(&b));
        for (i, row) in y.chunks_exact_mut(width).enumerate() {
            first.iter().zip(&a[i * first.len()..]).for_each(|(&c, v)| row[c] = *v);
            second
                .iter()
                .zip(&b[i * second.len()..])
                .for_each(|(&c, v)| row[c] = *v);
        }
    }
    let y = buffers::tensor(y, (rows, width));
    if tape.is_recording() {
        let (yg, ag, bg) = (y.ghost(), a.ghost(), b.ghost());
        let (first, second) = (first.to_vec(), second.to_vec());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            let spread = |to: &mut [Real], which: &[usize]| {
                for (to, from) in to.chunks_exact_mut(which.len().max(1)).zip(g.chunks_exact(width)) {
                    to.iter_mut().zip(which).for_each(|(t, &c)| *t += from[c]);
                }
            };
            gradients.get_or_alloc_mut(&ag)?.update(|ga| spread(ga, &first))?;
            gradients.get_or_alloc_mut(&bg)?.update(|gb| spread(gb, &second))
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
    use crate::kernels::check::{self, Case};

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
