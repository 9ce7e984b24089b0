//! The gradient of a function of the energy's gradient, from a first-order tape.

use crate::device::PerSample;
use crate::tape::SharedTape;

/// Values `l_b` `[B]` of a function of `grad_x E(x_b)`, put on the tape with their derivative in the energy's parameters.
///
/// With `c_b = dl_b / d(grad E)` held fixed, `d_theta l_b = d_theta <c_b, grad_x E(x_b)>`. That is the derivative of the
/// taped pushforward of E along c, which is what `slopes` `[B]` must be.
///
/// ```
/// # use dfdx::prelude::*;
/// use ebm_core::device::{device, values};
/// use ebm_core::geometry::{Fixed, Geometry};
/// use ebm_core::kernels::sum;
/// use ebm_core::models::{Energy, closed_form::QuadraticEnergy, energy_gradient, of_gradient};
/// use ebm_core::parameter::Module;
/// use ebm_core::tape::{Parts, SharedTape, backward};
///
/// // E(x) = a/2 x^2 has the gradient a x; l = (a x)^2 / 2 at a = 2, x = 3 is 18, and dl/da = a x^2 = 18.
/// let energy = QuadraticEnergy::new(Fixed::<1, 1>, &[2.0], &[0.0]);
/// let x = Fixed::<1, 1>.samples(vec![3.0]);
/// let gradient = energy_gradient(&energy as &dyn Energy<_>, &x).1;
/// // dl / d(grad E) is the gradient itself.
/// let tape = SharedTape::training(Parts::ENERGY);
/// let (_, slopes) = energy.pushforward(tape.watch(&x), gradient.put_tape(SharedTape::off()));
/// let l = of_gradient(device().tensor_from_vec(vec![18.0], (1,)), slopes);
/// assert_eq!(values(&l), [18.0]);
/// let precision = energy.parameters()[0].tensor();
/// assert_eq!(values(&backward(sum(l)).of(precision)), [18.0]);
/// ```
pub fn of_gradient(values: PerSample, slopes: PerSample<SharedTape>) -> PerSample<SharedTape> {
    // Replace the value <c, grad E> by l, and keep its derivative. A slope that is no number is seen in the value.
    let plain: PerSample = slopes.retaped();
    slopes + (values - plain)
}
