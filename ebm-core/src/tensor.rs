//! Functions of tensors for bounds, under the field's names: a bound needs nothing of dfdx beside them.
//!
//! Sums, products with numbers and squares are operators and methods of the tensors themselves.
//!
//! ```
//! use ebm_core::prelude::*;
//!
//! let x = tensor(vec![1.0, 2.0, 3.0, 4.0], (2, 2));
//! assert_eq!((rows(&x), width(&x)), (2, 2));
//! // The gradient of the mean of x . y over the rows is half of y.
//! let y = tensor(vec![2.0, 4.0, 6.0, 8.0], (2, 2));
//! let tape = SharedTape::inputs_only();
//! let loss = mean(row_dot(tape.watch(&x), tape.watch(&y)));
//! assert_eq!(item(&loss), 30.0);
//! assert_eq!(values(&backward(loss).of(&x)), [1.0, 2.0, 3.0, 4.0]);
//! ```

use dfdx::prelude::{Dim, HasShape, ReshapeTo, Shape, SplitTape, Tape, Tensor};

use crate::device::{Dev, Matrix, PerSample, Real, Scalar};
use crate::geometry::{Geometry, Samples};
use crate::kernels::DeviceVec;
use crate::models::Energy;
use crate::tape::SharedTape;

pub use crate::buffers::tensor;
pub use crate::kernels::{differentiated, differentiated_by, hinge, mean, row_dot, sum};
pub use crate::models::energy_gradient;
pub use crate::tape::backward;

/// The values without the operations that they are from.
pub fn detach<S: Shape, T: Tape<Real, Dev>>(x: Tensor<S, Real, Dev, T>) -> Tensor<S, Real, Dev> {
    x.split_tape().0
}

/// The value of a scalar.
pub fn item<T>(x: &Scalar<T>) -> f64 {
    f64::from(crate::device::values(x)[0])
}

/// Number of rows of `[rows, width]`.
pub fn rows<D: Dim, T>(x: &Tensor<(usize, D), Real, Dev, T>) -> usize {
    x.shape().0
}

/// Number of columns of `[rows, width]`.
pub fn width<D: Dim, T>(x: &Tensor<(usize, D), Real, Dev, T>) -> usize {
    x.shape().1.size()
}

/// The second axis of `[rows, width]`, for the shape of another tensor.
pub fn axis<D: Dim, T>(x: &Tensor<(usize, D), Real, Dev, T>) -> D {
    x.shape().1
}

/// Number of values of `[B]`.
pub fn count<T>(x: &PerSample<T>) -> usize {
    x.shape().0
}

/// Values `[B]` as a matrix of one column, `[B, 1]`.
pub fn column(x: PerSample) -> Matrix {
    let shape = (count(&x), 1);
    x.reshape_like(&shape)
}

/// `||x_b||^2` of every row of `[B, D]`, in double precision.
pub fn square_norm<D: Dim>(x: &Tensor<(usize, D), Real, Dev>) -> DeviceVec {
    DeviceVec::squared_norms(x)
}

/// `log sum_b exp x_b` of `[B]`, without overflow.
pub fn log_sum_exp(x: PerSample<SharedTape>) -> Scalar<SharedTape> {
    let values = crate::device::values(&x);
    let largest = values.iter().copied().fold(Real::NEG_INFINITY, Real::max);
    let terms: Vec<f64> = values.iter().map(|v| f64::from(v - largest).exp()).collect();
    let total: f64 = terms.iter().sum();
    let softmax = terms.iter().map(|term| (term / total) as Real).collect();
    differentiated(x, f64::from(largest) + total.ln(), softmax)
}

/// The gradient in the energy's parameters of a function of the energy's gradient, from a first-order tape.
///
/// `losses` `[B]` are functions `l_b` of `grad_x E(x_b)`, and `directions` `[B, D]` their derivatives `dl_b / d(grad E)`. Returns
/// the losses `[B]` and `E(x)` `[B]`, both on the tape.
pub fn through_gradient<G: Geometry>(
    energy: &dyn Energy<G>,
    x: &Samples<G>,
    losses: PerSample,
    directions: Samples<G>,
    tape: &SharedTape,
) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
    let (energies, slopes) = energy.pushforward(tape.watch(x), SharedTape::off().watch(&directions));
    (crate::models::of_gradient(losses, slopes), energies)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::values;

    #[test]
    fn log_sum_exp_has_the_softmax_as_gradient_and_does_not_overflow() {
        let x = tensor(vec![1000.0, 1000.0 + Real::ln(3.0)], (2,));
        let value = log_sum_exp(SharedTape::inputs_only().watch(&x));
        // ln(e^1000 + 3 e^1000)
        assert!((values(&value)[0] - (1000.0 + Real::ln(4.0))).abs() < 1e-3);
        let gradient = values(&backward(value).of(&x));
        assert!((gradient[0] - 0.25).abs() < 1e-4 && (gradient[1] - 0.75).abs() < 1e-4);
    }
}
