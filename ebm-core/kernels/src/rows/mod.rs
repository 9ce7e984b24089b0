//! Putting values and tangents into one matrix, taking them apart, and picking rows.
//!
//! ```
//! use ebm_kernels::device::{Matrix, device, values};
//! # use dfdx::prelude::*;
//! use ebm_kernels::rows::{stack, take_rows, unstack};
//! use ebm_kernels::tape::SharedTape;
//!
//! let off = SharedTape::off();
//! let x: Matrix = device().tensor_from_vec(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
//! let v: Matrix = device().tensor_from_vec(vec![1.0, 0.0], (1, 2));
//! let both = stack(off.watch(&x), off.watch(&v));
//! assert_eq!(values(&both), [1.0, 2.0, 3.0, 4.0, 1.0, 0.0]);
//! assert_eq!(values(&take_rows(both.clone(), &[2, 0, 2])), [1.0, 0.0, 1.0, 2.0, 1.0, 0.0]);
//!
//! let (x, v) = unstack(both, 2, (2, 2), (1, 2));
//! assert_eq!((values(&x), values(&v)), (vec![1.0, 2.0, 3.0, 4.0], vec![1.0, 0.0]));
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
use crate::device::{Dev, Matrix, Real, Taped};
use crate::tape::SharedTape;
use crate::unary::recorded;

type Rows<C> = Tensor<(usize, C), Real, Dev, SharedTape>;

/// `[top; bottom]`, `[Ra + Rb, C]`, of two matrices of the same width.
pub fn stack<C: Dim>(top: Rows<C>, bottom: Rows<C>) -> Matrix<SharedTape> {
    let ((top, tape), (bottom, other)) = (top.split_tape(), bottom.split_tape());
    let mut tape = tape.merge(other);
    let y = side::stacked(&top, &bottom);
    if tape.is_recording() {
        let cut = top.shape().0 * y.shape().1;
        let all = cut + bottom.shape().0 * y.shape().1;
        let (yg, tg, bg) = (y.ghost(), top.ghost(), bottom.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients
                .get_or_alloc_mut(&tg)?
                .update(|to| side::add_part(to, &g, 0..cut))?;
            if cut == all {
                return Ok(());
            }
            gradients
                .get_or_alloc_mut(&bg)?
                .update(|to| side::add_part(to, &g, cut..all))
        });
    }
    y.put_tape(tape)
}

/// The first `count` rows and the rest, in shapes of the caller's choice with as many values a row.
pub fn unstack<A: Shape, B: Shape>(x: Matrix<SharedTape>, count: usize, top: A, bottom: B) -> (Taped<A>, Taped<B>) {
    let (x, mut tape) = x.split_tape();
    let cut = count * x.shape().1;
    let all = x.shape().num_elements();
    let (a, b) = (side::part(&x, 0..cut, top), side::part(&x, cut..all, bottom));
    if tape.is_recording() {
        let (xg, ag, bg) = (x.ghost(), a.ghost(), b.ghost());
        tape.add_backward_op(move |gradients| {
            let ga = gradients.get_or_alloc_mut(&ag)?.take()?;
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_to_part(gx, 0..cut, &ga))?;
            if cut == all {
                return Ok(());
            }
            let gb = gradients.get_or_alloc_mut(&bg)?.take()?;
            gradients
                .get_or_alloc_mut(&xg)?
                .update(|gx| side::add_to_part(gx, cut..all, &gb))
        });
    }
    (a.put_tape(tape.clone()), b.put_tape(tape))
}

/// `copies` times the same matrix, one below the other: `[rows, C]` becomes `[copies * rows, C]`.
///
/// It puts beside several directions a sample the sample itself, as the pushforward of an energy or a generator needs it.
pub fn repeat<C: Dim>(x: Rows<C>, copies: usize) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let y = side::repeated(&x, copies);
    recorded(tape, &x, y, move |gx, g| side::add_repeated(gx, &g, copies))
}

/// The rows `which` of `[rows, C]`, in that order; a row may be taken any number of times.
pub fn take_rows<C: Dim>(x: Rows<C>, which: &[usize]) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let sizes = (x.shape().0, x.shape().1.size());
    let (y, which) = (side::chosen(&x, which), which.to_vec());
    recorded(tape, &x, y, move |gx, g| side::add_chosen(gx, &g, &which, sizes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::buffers;
    use crate::tape::backward;
    use crate::{row_dot, sum};

    #[test]
    fn stacking_and_unstacking_returns_values_and_gradients() {
        let a = buffers::tensor(vec![1.0, 2.0], (1, 2));
        let b = buffers::tensor(vec![3.0, 4.0, 5.0, 6.0], (2, 2));
        let tape = SharedTape::inputs_only();
        let both = stack(tape.watch(&a), tape.watch(&b));
        assert_eq!(both.as_vec(), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let (top, bottom) = unstack(both, 1, (1usize, 2usize), (2usize, 2usize));
        let loss = sum(row_dot(top.clone(), top)) + sum(row_dot(bottom.clone(), bottom)) * 3.0;
        let mut g = backward(loss);
        assert_eq!(g.of(&a).as_vec(), vec![2.0, 4.0]);
        assert_eq!(g.of(&b).as_vec(), vec![18.0, 24.0, 30.0, 36.0]);
    }

    #[test]
    fn rows_that_are_taken_twice_have_both_gradients() {
        let x = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2));
        let tape = SharedTape::inputs_only();
        let y = take_rows(tape.watch(&x), &[2, 0, 2]);
        assert_eq!(y.as_vec(), vec![5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
        let weights = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2));
        let mut g = backward(sum(row_dot(y, tape.watch(&weights))));
        assert_eq!(g.of(&x).as_vec(), vec![3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
    }

    #[test]
    fn an_empty_part_is_allowed() {
        let a = buffers::tensor(vec![1.0, 2.0], (1, 2));
        let none: Matrix = buffers::tensor(vec![], (0, 2));
        let tape = SharedTape::inputs_only();
        let (top, bottom) = unstack(
            stack(tape.watch(&a), tape.watch(&none)),
            1,
            (1usize, 2usize),
            (0usize, 2usize),
        );
        assert_eq!(bottom.shape().0, 0);
        assert_eq!(backward(sum(row_dot(top.clone(), top))).of(&a).as_vec(), vec![2.0, 4.0]);
    }

    #[test]
    fn repeated_rows_have_the_gradients_of_all_copies() {
        let x = buffers::tensor(vec![1.0, 2.0], (1, 2));
        let tape = SharedTape::inputs_only();
        let y = repeat(tape.watch(&x), 3);
        assert_eq!(y.as_vec(), vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
        let weights = buffers::tensor(vec![1.0, 20.0, 300.0, 4000.0, 5.0e4, 6.0e5], (3, 2));
        let mut g = backward(sum(row_dot(y, tape.watch(&weights))));
        assert_eq!(g.of(&x).as_vec(), vec![50_301.0, 604_020.0]);
    }
}
