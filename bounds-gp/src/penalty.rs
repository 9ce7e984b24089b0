//! The gradient of a function of the energy's gradient, from a first-order tape.

use dfdx::prelude::*;
use ebm_core::device::{PerSample, Real, device};
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::models::Energy;
use ebm_core::tape::SharedTape;

/// Values l_b of a function of `grad_x E(x_b)`, put on the tape with their derivative in the energy's parameters.
///
/// With c_b = dl_b / d(grad E) held fixed, `d_theta l_b = d_theta <c_b, grad_x E(x_b)>`, and that is the derivative of the
/// taped pushforward along c. Returns the values `[B]` and `E(x)` `[B]`, both on the tape.
pub(crate) fn of_gradient<G: Geometry>(
    energy: &dyn Energy<G>,
    x: &Samples<G>,
    values: Vec<Real>,
    directions: Vec<Real>,
    tape: &SharedTape,
) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
    let directions = energy.geometry().samples(directions).put_tape(SharedTape::off());
    let (energies, slopes) = energy.pushforward(tape.watch(x), directions);
    // Replace the value <c, grad E> by l, and keep its derivative.
    let slope_values = ebm_core::device::values(&slopes);
    let shift: Vec<Real> = values.iter().zip(slope_values).map(|(l, s)| l - s).collect();
    let count = shift.len();
    let shift: PerSample = device().tensor_from_vec(shift, (count,));
    (slopes + shift, energies)
}
