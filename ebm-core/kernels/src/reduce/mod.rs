//! Sums, means and the hinge: the heads of losses.

#[cfg_attr(not(device_kernels), path = "cpu.rs")]
#[cfg_attr(device_kernels, path = "cuda.rs")]
pub(crate) mod backend;

use crate::elementwise::{add_multiple, add_number};
use crate::prelude::*;

/// `sum_i x_i` of `[B]`.
pub fn sum(x: PerSample<SharedTape>) -> Scalar<SharedTape> {
    scaled_sum(x, 1.0)
}

/// `1/B sum_i x_i` of `[B]`.
pub fn mean(x: PerSample<SharedTape>) -> Scalar<SharedTape> {
    let n = x.shape().0;
    scaled_sum(x, 1.0 / n as Real)
}

/// In double precision: the sum of a batch is what gets logged and compared.
fn scaled_sum(x: PerSample<SharedTape>, scale: Real) -> Scalar<SharedTape> {
    let (x, tape) = x.split_tape();
    let y = filled((), |y| backend::scaled_sum(x.shape().0, f64::from(scale), stored(&x)?.read(), y));
    record_unary(tape, &x, y, move |gx, g| add_number(gx.len(), scale, view(&g), gx))
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
    record_unary(tape, &x, y, move |gx, g| add_multiple(gx.len(), view(&g), stored(&slopes)?.read(), gx))
}

/// `y = f(x)` where the values were computed on the host, outside the tape, with its vector-Jacobian product: `vjp` is given the
/// gradient of y, and returns that of x, row by row. For functions of few values that have no kernel of their own.
///
/// # Panics
/// In the backward pass, if the gradient returned has not one entry for each of `x`.
pub fn with_vjp<X: Shape, Y: Shape>(
    x: Taped<X>,
    y: Tensor<Y, Real, Dev>,
    vjp: impl FnOnce(Vec<Real>) -> Vec<Real> + 'static,
) -> Taped<Y> {
    let (x, tape) = x.split_tape();
    let count = x.shape().num_elements();
    record_unary(tape, &x, y, move |gx, g| {
        let slopes = vjp(to_host(&g));
        assert_eq!(slopes.len(), count, "one slope for each value");
        buffers::native::accumulate(gx, &from_host(slopes))
    })
}

/// `max(x, 0)` of a scalar.
pub fn hinge(x: Scalar<SharedTape>) -> Scalar<SharedTape> {
    x.relu()
}

/// `y_i = sum_j a_ij b_ij` of two `[B, C]`.
///
/// # Panics
/// If the shapes differ.
pub fn row_dot<C: Dim>(a: Rows<C, SharedTape>, b: Rows<C, SharedTape>) -> PerSample<SharedTape> {
    let ((a, tape), (b, other)) = (a.split_tape(), b.split_tape());
    assert_eq!(a.shape(), b.shape(), "row_dot of two shapes");
    let (rows, columns) = (a.shape().0, a.shape().1.size());
    let y = filled((rows,), |y| backend::row_dot(rows, columns, stored(&a)?.read(), stored(&b)?.read(), y));
    let (in_a, in_b) = (b.clone(), a.clone());
    record_binary(
        tape.merge(other),
        Some(&a),
        &b,
        y,
        move |ga, g| backend::add_scaled_rows(rows, columns, view(g), stored(&in_a)?.read(), ga),
        move |gb, g| backend::add_scaled_rows(rows, columns, view(&g), stored(&in_b)?.read(), gb),
    )
}

/// Values summed: more than one block of threads has.
const COUNT: usize = 3000;

/// A function of an array.
fn scalar(name: &'static str, f: impl Fn(PerSample<SharedTape>) -> Scalar<SharedTape> + 'static) -> Case {
    Case::kernel(name, move || {
        // None of them below zero, so that nothing cancels.
        let x = vector(numbers(name, COUNT).into_iter().map(|v| 1.0 + v).collect());
        let y = f(SharedTape::inputs_only().watch(&x));
        vec![Quantity::Value.of(&y), Quantity::InInputs.of(&backward(y * 0.75).of(&x))]
    })
}

crate::selftest_cases!(|| {
    vec![
        scalar("sum", sum),
        scalar("mean", mean),
        scalar("differentiated", |x| differentiated(x, 0.625, numbers("slopes", COUNT))),
        scalar("differentiated_by", |x| differentiated_by(x, 0.625, vector(numbers("slopes", COUNT)))),
        scalar("hinge: above zero", |x| hinge(mean(x))),
        scalar("hinge: below zero", |x| hinge(mean(x) * -1.0)),
        Operation::new("with_vjp", 67, 9).tangents(0).case(|x, _, _| {
            let kept = x.as_vec();
            let squares = buffers::tensor(kept.iter().map(|x| x * x).collect(), *x.shape());
            with_vjp(x, squares, move |g| g.iter().zip(&kept).map(|(g, x)| 2.0 * g * x).collect())
        }),
        Operation::new("row_dot", 67, 45).tangents(0).array(67 * 45, 0).case(|x, _, arrays| {
            row_dot(x.clone(), beside(&x, &arrays[0], *x.shape())).reshape_like(&(67usize, 1usize))
        }),
    ]
});

#[cfg(test)]
mod tests {
    use super::*;

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
        // A product with itself has twice itself.
        let w = tape.watch(&a);
        let y = sum(row_dot(w.clone(), w));
        assert_eq!(backward(y).of(&a).as_vec(), vec![2.0, 4.0, 6.0, 8.0]);
    }

    #[test]
    fn a_long_product_is_the_sum_of_its_parts() {
        // On a device three parts, the last one shorter, added to what was there.
        let n = 2 * 4096 + 5;
        let a: Vec<Real> = (1..=n).map(|i| (i % 8) as Real).collect();
        let (a, b) = (buffers::tensor(a, (n,)), buffers::tensor(vec![2.0; n], (n,)));
        let mut y = buffers::tensor(vec![10.0], (1,));
        buffers::native::change(&mut y, |y| backend::add_dot(stored(&a)?.read(), stored(&b)?.read(), y));
        let truth: usize = (1..=n).map(|i| 2 * (i % 8)).sum();
        assert_eq!(y.as_vec(), [10.0 + truth as Real]);
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
