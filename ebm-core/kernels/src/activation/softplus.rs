//! `ln(1 + e^x)`

use super::Phi;
use crate::device::Real;
use crate::math;

#[derive(Clone, Copy)]
pub(crate) struct Softplus;

impl Phi for Softplus {
    const CUDA: &'static str = "
        const REAL s = sigmoid(x);
        return {fmax(x, static_cast<REAL>(0)) + log1p(exp(-fabs(x))), s, s * (1 - s)};
    ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        math::softplus(x)
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let s = math::sigmoid(x);
        (math::softplus(x), s, s * (1.0 - s))
    }
}
