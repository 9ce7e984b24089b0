//! `max(x, 0)`

use super::{Jet, Phi, leaky};
use crate::device::Real;
use crate::enclosure::Line;

pub(crate) struct Relu;

impl Phi for Relu {
    const CURVED: bool = false;
    const CUDA: &'static str = " return leaky(0, x); ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        leaky(0.0, x)
    }

    fn line(_: f64) -> Line {
        Line::exact(0.0, 1.0)
    }
}
