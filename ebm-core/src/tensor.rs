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
use crate::kernels::directions::{RowNorm, norms};
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
pub fn column<T: Tape<Real, Dev>>(x: PerSample<T>) -> Matrix<T> {
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

/// The penalty `weight/2 ||grad_x E(x_b)||^2` `[B]`, differentiable in the energy's parameters, and `E(x)` `[B]`.
///
/// At data it is R1 (Mescheder et al., "Which training methods for GANs do actually converge?", ICML 2018).
pub fn gradient_penalty<G: Geometry>(
    energy: &dyn Energy<G>,
    x: &Samples<G>,
    weight: f64,
    tape: &SharedTape,
) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
    let weight = weight as Real;
    let (_, gradient) = energy_gradient(energy, x);
    let (halves, slopes) = norms(&gradient, RowNorm::HalfSquare);
    through_gradient(energy, x, halves * weight, slopes * weight, tape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::values;
    use crate::geometry::Runtime;
    use crate::models::closed_form::QuadraticEnergy;
    use crate::parameter::Module;
    use crate::tape::Parts;

    #[test]
    fn the_penalty_on_the_gradient_of_a_quadratic_has_the_closed_form_and_so_has_its_gradient() {
        let energy = QuadraticEnergy::new(Runtime { latent: 1, data: 2 }, &[2.0, 0.5, 0.5, 1.0], &[1.0, -1.0]);
        let x = energy.geometry().samples(vec![2.0, 1.0]);
        let (penalty, energies) = gradient_penalty(&energy, &x, 0.5, &SharedTape::training(Parts::ENERGY));
        // y = x - m = (1, 2) and g = A y = (3, 2.5): |g|^2 / 2 = 7.625, E = 4
        assert_eq!((values(&penalty), values(&energies)), (vec![3.8125], vec![4.0]));
        let mut gradients = backward(sum(penalty));
        let of = |gradients: &mut crate::tape::GradientMap, index: usize| {
            values(&gradients.of(energy.parameters()[index].tensor()))
        };
        // A symmetric A sees the symmetric part of weight g y': ((3, 4.25), (4.25, 5)) / 2; by -m it is weight A g.
        assert_eq!(of(&mut gradients, 0), [1.5, 2.125, 2.125, 2.5]);
        assert_eq!(of(&mut gradients, 1), [3.625, 2.0]);
    }

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
