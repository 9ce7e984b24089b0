//! `tanh x`

use super::Phi;
use crate::device::Real;
use crate::math;

#[derive(Clone, Copy)]
pub(crate) struct Tanh;

impl Phi for Tanh {
    const CUDA: &'static str = "
        const REAL y = tanh(x);
        return {y, 1 - y * y, -2 * y * (1 - y * y)};
    ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        math::tanh(x)
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let y = math::tanh(x);
        let slope = 1.0 - y * y;
        (y, slope, -2.0 * y * slope)
    }
}
