//! The gradient of a function of the energy's gradient, from a first-order tape.

use dfdx::prelude::*;
use ebm_core::device::PerSample;
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::models::{self, Energy};
use ebm_core::tape::SharedTape;

/// Values l_b of a function of `grad_x E(x_b)`, put on the tape with their derivative in the energy's parameters.
///
/// `directions` `[B, D]` are `dl_b / d(grad E)`. Returns the values `[B]` and `E(x)` `[B]`, both on the tape.
pub(crate) fn of_gradient<G: Geometry>(
    energy: &dyn Energy<G>,
    x: &Samples<G>,
    values: PerSample,
    directions: Samples<G>,
    tape: &SharedTape,
) -> (PerSample<SharedTape>, PerSample<SharedTape>) {
    let (energies, slopes) = energy.pushforward(tape.watch(x), directions.put_tape(SharedTape::off()));
    (models::of_gradient(values, slopes), energies)
}
