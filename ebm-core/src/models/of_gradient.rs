//! The gradient of a function of the energy's gradient, from a first-order tape.

use crate::device::PerSample;
use crate::tape::SharedTape;

/// Values `l_b` `[B]` of a function of `grad_x E(x_b)`, put on the tape with their derivative in the energy's parameters.
///
/// With `c_b = dl_b / d(grad E)` held fixed, `d_theta l_b = d_theta <c_b, grad_x E(x_b)>`. That is the derivative of the
/// taped pushforward of E along c, which is what `slopes` `[B]` must be.
pub fn of_gradient(values: PerSample, slopes: PerSample<SharedTape>) -> PerSample<SharedTape> {
    // Replace the value <c, grad E> by l, and keep its derivative. A slope that is no number is seen in the value.
    let plain: PerSample = slopes.retaped();
    slopes + (values - plain)
}
