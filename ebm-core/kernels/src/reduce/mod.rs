//! Sums, means and the hinge: the heads of losses.

use dfdx::prelude::*;

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use crate::buffers;
use crate::buffers::native::GradientBuffer;
use crate::device::{Dev, PerSample, Real, Scalar, Taped};
use crate::tape::SharedTape;
use crate::unary::recorded;

/// `sum_i x_i` of `[B]`.
pub fn sum(x: PerSample<SharedTape>) -> Scalar<SharedTape> {
    scaled_sum(x, 1.0)
}

/// `1/B sum_i x_i` of `[B]`.
pub fn mean(x: PerSample<SharedTape>) -> Scalar<SharedTape> {
    let n = x.shape().0;
    scaled_sum(x, 1.0 / n as Real)
}

fn scaled_sum(x: PerSample<SharedTape>, scale: Real) -> Scalar<SharedTape> {
    let (x, tape) = x.split_tape();
    let y = side::total(&x, scale);
    recorded(tape, &x, y, move |gx, g| side::add_number(gx, &g, scale))
}

/// `f(x)` where the value and the gradient `df/dx` were computed outside the tape (in double precision, say).
///
/// # Panics
/// If the gradient has not one entry for each of `x`.
pub fn differentiated<S: Shape>(x: Taped<S>, value: f64, gradient: Vec<Real>) -> Scalar<SharedTape> {
    assert_eq!(gradient.len(), x.shape().num_elements(), "one slope for each value");
    let slopes = buffers::tensor(gradient, *x.shape());
    differentiated_by(x, value, slopes)
}

/// [`differentiated`] with slopes that are where the tensors are.
pub fn differentiated_by<S: Shape>(x: Taped<S>, value: f64, slopes: Tensor<S, Real, Dev>) -> Scalar<SharedTape> {
    let (x, tape) = x.split_tape();
    let y = buffers::tensor(vec![value as Real], ());
    recorded(tape, &x, y, move |gx, g| side::add_slopes(gx, &g, &slopes))
}

/// `max(x, 0)` of a scalar.
pub fn hinge(x: Scalar<SharedTape>) -> Scalar<SharedTape> {
    x.relu()
}

/// `y_i = sum_j a_ij b_ij` of two `[B, C]`.
pub fn row_dot<C: Dim>(
    a: Tensor<(usize, C), Real, Dev, SharedTape>,
    b: Tensor<(usize, C), Real, Dev, SharedTape>,
) -> PerSample<SharedTape> {
    let ((a, tape), (b, other)) = (a.split_tape(), b.split_tape());
    let mut tape = tape.merge(other);
    assert_eq!(a.shape(), b.shape(), "row_dot of two shapes");
    let y = side::row_products(&a, &b);
    if tape.is_recording() {
        let (yg, ag, bg) = (y.ghost(), a.ghost(), b.ghost());
        tape.add_backward_op(move |gradients| {
            let g = gradients.get_or_alloc_mut(&yg)?.take()?;
            gradients
                .get_or_alloc_mut(&ag)?
                .update(|ga| side::add_scaled_rows(ga, &g, &b))?;
            gradients
                .get_or_alloc_mut(&bg)?
                .update(|gb| side::add_scaled_rows(gb, &g, &a))
        });
    }
    y.put_tape(tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tape::backward;

    #[test]
    fn sums_and_their_gradients_are_those_of_the_formulas() {
        let x = buffers::tensor(vec![1.0, -2.0, 4.0], (3,));
        let tape = SharedTape::inputs_only();
        let y = mean(tape.watch(&x)) + sum(tape.watch(&x)) * 2.0;
        assert_eq!(y.array(), 7.0);
        let third: Real = 1.0 / 3.0;
        assert_eq!(backward(y).of(&x).as_vec(), vec![third + 2.0; 3]);
    }

    #[test]
    fn what_was_computed_outside_is_differentiated_by_the_slopes_given() {
        let x = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
        let tape = SharedTape::inputs_only();
        let y = differentiated(tape.watch(&x), 7.5, vec![1.0, 0.0, -2.0, 3.0]) * 2.0
            + sum(tape.watch(&x).reshape_like(&(4,)));
        assert_eq!(y.array(), 25.0);
        assert_eq!(backward(y).of(&x).as_vec(), vec![3.0, 1.0, -3.0, 7.0]);
    }

    #[test]
    fn row_products_have_each_other_as_gradients() {
        let a = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
        let b = buffers::tensor(vec![5.0, 6.0, 7.0, 8.0], (2, 2));
        let tape = SharedTape::inputs_only();
        let y = row_dot(tape.watch(&a), tape.watch(&b));
        assert_eq!(y.as_vec(), vec![17.0, 53.0]);
        let mut g = backward(sum(y));
        assert_eq!((g.of(&a).as_vec(), g.of(&b).as_vec()), (b.as_vec(), a.as_vec()));
    }

    #[test]
    fn a_product_with_itself_has_twice_itself_as_gradient() {
        let a = buffers::tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
        let tape = SharedTape::inputs_only();
        let w = tape.watch(&a);
        let y = sum(row_dot(w.clone(), w));
        assert_eq!(backward(y).of(&a).as_vec(), vec![2.0, 4.0, 6.0, 8.0]);
    }

    #[test]
    fn the_hinge_cuts_value_and_gradient() {
        for (x, y, slope) in [(-1.5, 0.0, 0.0), (2.5, 2.5, 1.0)] {
            let x: Scalar = buffers::tensor(vec![x], ());
            let h = hinge(SharedTape::inputs_only().watch(&x));
            assert_eq!(h.array(), y);
            assert_eq!(backward(h).of(&x).array(), slope);
        }
    }
}
