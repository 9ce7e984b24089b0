//! `x` above 0, `e^x - 1` below (Clevert, Unterthiner and Hochreiter, ICLR 2016)

use super::{Jet, Phi};
use crate::device::Real;
use crate::math;

pub(crate) struct Elu;

impl Phi for Elu {
    const CUDA: &'static str = "
        if (x > 0) { return {x, 1, 0}; }
        const REAL e = exp(x);
        return {e - 1, e, e};
    ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        let e = math::exp(x.min(0.0));
        if x > 0.0 { (x, 1.0, 0.0) } else { (e - 1.0, e, e) }
    }
}
