//! `max(x, 0) + 0.2 min(x, 0)`

use super::{Jet, Phi, leaky};
use crate::device::Real;

pub(crate) struct LeakyRelu;

impl Phi for LeakyRelu {
    const CURVED: bool = false;
    const CUDA: &'static str = " return leaky(static_cast<REAL>(0.2), x); ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        leaky(0.2, x)
    }
}
