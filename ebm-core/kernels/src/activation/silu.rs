//! `x / (1 + e^-x)`

use super::{Jet, Phi};
use crate::device::Real;
use crate::enclosure::Line;
use crate::math;

pub(crate) struct Silu;

impl Phi for Silu {
    /// The derivative is largest at x = 2.3994.
    const LIPSCHITZ: f64 = 1.0999;
    const CUDA: &'static str = "
        const REAL s = sigmoid(x);
        return {x * s, s * (1 + x * (1 - s)), s * (1 - s) * (2 + x * (1 - 2 * s))};
    ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        let s = math::sigmoid(x);
        (x * s, s * (1.0 + x * (1.0 - s)), s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)))
    }

    fn line(_: f64) -> Line {
        // The function is lowest under the line at |x| = 1.2785.
        Line { left: 0.0, right: 1.0, off: (-0.27847, 0.0) }
    }

    fn value(_: f64, x: f64) -> f64 {
        x / (1.0 + (-x).exp())
    }

    fn bends(nearest: f64) -> [f64; 2] {
        // s (1 - s) <= e^-|x|.
        let fading = (-nearest).exp();
        [(fading * (2.0 + nearest)).min(0.5), (fading * (3.0 + nearest)).min(0.3082)]
    }
}
