//! `max(x, 0)`

use super::{Jet, Phi, leaky};
use crate::device::Real;

pub(crate) struct Relu;

impl Phi for Relu {
    const CURVED: bool = false;
    const CUDA: &'static str = " return leaky(0, x); ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        leaky(0.0, x)
    }
}
