//! `ln(1 + e^x)`

use super::{Jet, Phi};
use crate::device::Real;
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
}
