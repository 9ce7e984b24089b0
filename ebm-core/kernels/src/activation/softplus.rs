//! `ln(1 + e^x)`

use super::{Jet, Phi};
use crate::device::Real;
use crate::enclosure::Line;
use crate::math;

pub(crate) struct Softplus;

impl Phi for Softplus {
    const CUDA: &'static str = "
        const REAL s = sigmoid(x);
        return {fmax(x, static_cast<REAL>(0)) + log1p(exp(-fabs(x))), s, s * (1 - s)};
    ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        let s = math::sigmoid(x);
        (math::softplus(x), s, s * (1.0 - s))
    }

    fn line(_: f64) -> Line {
        Line { left: 0.0, right: 1.0, off: (0.0, std::f64::consts::LN_2) }
    }

    fn value(_: f64, x: f64) -> f64 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }

    fn bends(nearest: f64) -> [f64; 2] {
        // s (1 - s) and its product with 1 - 2 s, which is largest at 1 / (6 sqrt 3).
        let fading = (-nearest).exp();
        [fading.min(0.25), fading.min(0.09623)]
    }
}
