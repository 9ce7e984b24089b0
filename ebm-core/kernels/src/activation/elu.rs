//! `x` above 0, `e^x - 1` below (Clevert, Unterthiner and Hochreiter, ICLR 2016)

use super::Phi;
use crate::device::Real;
use crate::math;

#[derive(Clone, Copy)]
pub(crate) struct Elu;

impl Phi for Elu {
    const CUDA: &'static str = "
        if (x > 0) { return {x, 1, 0}; }
        const REAL e = exp(x);
        return {e - 1, e, e};
    ";

    #[inline(always)]
    fn new(_: Real) -> Self {
        Self
    }
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        self.jet(x).0
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let e = math::exp(x.min(0.0));
        if x > 0.0 { (x, 1.0, 0.0) } else { (e - 1.0, e, e) }
    }
}
