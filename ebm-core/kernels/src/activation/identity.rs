//! `x`

use super::Phi;
use crate::device::Real;

#[derive(Clone, Copy)]
pub(crate) struct Identity;

impl Phi for Identity {
    const CURVED: bool = false;
    const CUDA: &'static str = " return {x, 1, 0}; ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        x
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        (x, 1.0, 0.0)
    }
}
