//! `max(x, 0) + a min(x, 0), with a learned slope a`

use super::{Phi, leaky};
use crate::device::Real;

#[derive(Clone, Copy)]
pub(crate) struct Prelu(Real);

impl Phi for Prelu {
    const CURVED: bool = false;
    const LEARNED: bool = true;
    const CUDA: &'static str = " return leaky(slope, x); ";

    #[inline(always)]
    fn new(slope: Real) -> Self {
        Self(slope)
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        leaky(self.0, x).0
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        leaky(self.0, x)
    }
}
