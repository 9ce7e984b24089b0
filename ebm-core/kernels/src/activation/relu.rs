//! `max(x, 0)`

use super::{Phi, leaky};
use crate::device::Real;

#[derive(Clone, Copy)]
pub(crate) struct Relu;

impl Phi for Relu {
    const CURVED: bool = false;
    const CUDA: &'static str = " return leaky(0, x); ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        leaky(0.0, x).0
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        leaky(0.0, x)
    }
}
