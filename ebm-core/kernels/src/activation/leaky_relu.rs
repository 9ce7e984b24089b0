//! `max(x, 0) + 0.2 min(x, 0)`

use super::{Jet, Phi, leaky};
use crate::device::Real;
use crate::enclosure::Line;

pub(crate) struct LeakyRelu;

impl Phi for LeakyRelu {
    const CURVED: bool = false;
    const CUDA: &'static str = " return leaky(static_cast<REAL>(0.2), x); ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        leaky(0.2, x)
    }

    fn line(_: f64) -> Line {
        Line::exact(f64::from(0.2 as Real), 1.0)
    }
}
