//! `tanh x`

use super::{Jet, Phi};
use crate::device::Real;
use crate::math;

pub(crate) struct Tanh;

impl Phi for Tanh {
    const CUDA: &'static str = "
        const REAL y = tanh(x);
        return {y, 1 - y * y, -2 * y * (1 - y * y)};
    ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        let y = math::tanh(x);
        let slope = 1.0 - y * y;
        (y, slope, -2.0 * y * slope)
    }
}
