//! Putting values and tangents into one matrix, taking them apart, and picking rows.
//!
//! ```
//! use ebm_kernels::buffers::{tensor, values};
//! use ebm_kernels::rows::{stack, take_rows, unstack};
//! use ebm_kernels::tape::SharedTape;
//!
//! let off = SharedTape::off();
//! let x = tensor(vec![1.0, 2.0, 3.0, 4.0], (2usize, 2usize));
//! let v = tensor(vec![1.0, 0.0], (1usize, 2usize));
//! let both = stack(off.watch(&x), off.watch(&v));
//! assert_eq!(values(&both), [1.0, 2.0, 3.0, 4.0, 1.0, 0.0]);
//! assert_eq!(values(&take_rows(both.clone(), &[2, 0, 2])), [1.0, 0.0, 1.0, 2.0, 1.0, 0.0]);
//!
//! let (x, v) = unstack(both, 2, (2, 2), (1, 2));
//! assert_eq!((values(&x), values(&v)), (vec![1.0, 2.0, 3.0, 4.0], vec![1.0, 0.0]));
//! ```

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
mod backend;

use crate::elementwise::{add_to, copy_to};
use crate::prelude::*;

/// `[top; bottom]`, `[Ra + Rb, C]`, of two matrices of the same width.
pub fn stack<C: Dim>(top: Rows<C, SharedTape>, bottom: Rows<C, SharedTape>) -> Matrix<SharedTape> {
    let ((top, tape), (bottom, other)) = (top.split_tape(), bottom.split_tape());
    let (tape, columns) = (tape.merge(other), top.shape().1.size());
    let cut = top.shape().num_elements();
    let all = cut + bottom.shape().num_elements();
    let y = filled((top.shape().0 + bottom.shape().0, columns), |mut y| {
        copy_to(cut, stored(&top)?.read(), part_mut(&mut y, 0..cut))?;
        copy_to(all - cut, stored(&bottom)?.read(), part_mut(&mut y, cut..all))
    });
    let in_top = move |to: GradMut, g: &OwnedGrad| add_to(cut, part(view(g), 0..cut), to);
    if cut == all {
        return record_unary(tape, &top, y, move |to, g| in_top(to, &g));
    }
    record_binary(tape, Some(&top), &bottom, y, in_top, move |to, g| add_to(all - cut, part(view(&g), cut..all), to))
}

/// The first `count` rows and the rest, in shapes of the caller's choice with as many values a row.
pub fn unstack<A: Shape, B: Shape>(x: Matrix<SharedTape>, count: usize, top: A, bottom: B) -> (Taped<A>, Taped<B>) {
    let (x, mut tape) = x.split_tape();
    let (cut, all) = (count * x.shape().1, x.shape().num_elements());
    let a = filled(top, |y| copy_to(cut, part(stored(&x)?.read(), 0..cut), y));
    let b = filled(bottom, |y| copy_to(all - cut, part(stored(&x)?.read(), cut..all), y));
    if tape.is_recording() {
        let (xg, ag, bg) = (x.ghost(), a.ghost(), b.ghost());
        tape.add_backward_op(move |gradients| {
            let ga = gradients.get_or_alloc_mut(&ag)?.take()?;
            let to = gradients.get_or_alloc_mut(&xg)?;
            to.update(|mut gx| add_to(cut, view(&ga), part_mut(&mut gx, 0..cut)))?;
            if cut == all {
                return Ok(());
            }
            let gb = gradients.get_or_alloc_mut(&bg)?.take()?;
            let to = gradients.get_or_alloc_mut(&xg)?;
            to.update(|mut gx| add_to(all - cut, view(&gb), part_mut(&mut gx, cut..all)))
        });
    }
    (a.put_tape(tape.clone()), b.put_tape(tape))
}

/// `copies` times the same matrix, one below the other: `[rows, C]` becomes `[copies * rows, C]`.
///
/// It puts beside several directions a sample the sample itself, as the pushforward of an energy or a generator needs it.
pub fn repeat<C: Dim>(x: Rows<C, SharedTape>, copies: usize) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (n, columns) = (x.shape().num_elements(), x.shape().1.size());
    let y = filled((copies * x.shape().0, columns), |y| backend::repeat(n, copies, stored(&x)?.read(), y));
    record_unary(tape, &x, y, move |gx, g| backend::add_repeated(n, copies, view(&g), gx))
}

/// The rows `which` of `[rows, C]`, in that order; a row may be taken any number of times.
///
/// # Panics
/// If there is no such row.
pub fn take_rows<C: Dim>(x: Rows<C, SharedTape>, which: &[usize]) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let (rows, columns) = (x.shape().0, x.shape().1.size());
    assert!(which.iter().all(|i| *i < rows), "rows {which:?} of {rows}");
    let y = filled((which.len(), columns), |y| backend::choose_rows(rows, columns, which, stored(&x)?.read(), y));
    let which = which.to_vec();
    record_unary(tape, &x, y, move |gx, g| backend::add_to_chosen(rows, columns, &which, view(&g), gx))
}

crate::selftest_cases!(|| {
    // Tangents are rows like others here.
    let rows = |name: &str| Operation::new(name, 67, 9).tangents(0);
    vec![
        rows("stack").array(30 * 9, 0).case(|x, _, arrays| stack(x.clone(), beside(&x, &arrays[0], (30usize, 9usize)))),
        rows("unstack").case(|x, _, _| {
            let (top, bottom) = unstack(x, 60, (60usize, 9usize), (7, 9usize));
            // The other way round, so that both parts move.
            stack(bottom, top)
        }),
        rows("repeat").case(|x, _, _| repeat(x, 3)),
        rows("take_rows").case(|x, _, _| take_rows(x, &[66, 0, 3, 3, 12])),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;
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
    fn rows_in_several_places_have_all_their_gradients() {
        let x = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2));
        let tape = SharedTape::inputs_only();
        let y = take_rows(tape.watch(&x), &[2, 0, 2]);
        assert_eq!(y.as_vec(), vec![5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
        let weights = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (3, 2));
        let mut g = vjp(y, &weights);
        assert_eq!(g.of(&x).as_vec(), vec![3.0, 4.0, 0.0, 0.0, 6.0, 8.0]);
        let y = repeat(tape.watch(&x), 2);
        assert_eq!(y.as_vec(), x.as_vec().repeat(2));
        let weights = buffers::tensor((1u8..=12).map(Real::from).collect(), (6, 2));
        assert_eq!(vjp(y, &weights).of(&x).as_vec(), vec![8.0, 10.0, 12.0, 14.0, 16.0, 18.0]);
    }

    #[test]
    fn an_empty_part_is_allowed() {
        let a = buffers::tensor(vec![1.0, 2.0], (1, 2));
        let none: Matrix = buffers::tensor(vec![], (0, 2));
        let tape = SharedTape::inputs_only();
        let (top, bottom) = unstack(stack(tape.watch(&a), tape.watch(&none)), 1, (1usize, 2usize), (0usize, 2usize));
        assert_eq!(bottom.shape().0, 0);
        assert_eq!(backward(sum(row_dot(top.clone(), top))).of(&a).as_vec(), vec![2.0, 4.0]);
    }
}
