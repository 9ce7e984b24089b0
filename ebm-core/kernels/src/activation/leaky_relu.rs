//! `max(x, 0) + 0.2 min(x, 0)`

use super::{Phi, leaky};
use crate::device::Real;

#[derive(Clone, Copy)]
pub(crate) struct LeakyRelu;

impl Phi for LeakyRelu {
    const CURVED: bool = false;
    const CUDA: &'static str = " return leaky(static_cast<REAL>(0.2), x); ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        leaky(0.2, x).0
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        leaky(0.2, x)
    }
}
