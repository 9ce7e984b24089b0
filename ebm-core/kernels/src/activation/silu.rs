//! `x / (1 + e^-x)`

use super::Phi;
use crate::device::Real;
use crate::math;

#[derive(Clone, Copy)]
pub(crate) struct Silu;

impl Phi for Silu {
    /// The derivative is largest at x = 2.3994.
    const LIPSCHITZ: f64 = 1.0999;
    const CUDA: &'static str = "
        const REAL s = sigmoid(x);
        return {x * s, s * (1 + x * (1 - s)), s * (1 - s) * (2 + x * (1 - 2 * s))};
    ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        x * math::sigmoid(x)
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let s = math::sigmoid(x);
        (x * s, s * (1.0 + x * (1.0 - s)), s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)))
    }
}
