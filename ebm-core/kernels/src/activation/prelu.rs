//! `max(x, 0) + a min(x, 0), with a learned slope a`

use super::{Jet, Phi, leaky};
use crate::device::Real;
use crate::enclosure::Line;

pub(crate) struct Prelu;

impl Phi for Prelu {
    const CURVED: bool = false;
    const LEARNED: bool = true;
    const CUDA: &'static str = " return leaky(slope, x); ";

    #[inline(always)]
    fn jet(slope: Real, x: Real) -> Jet {
        leaky(slope, x)
    }

    fn line(slope: f64) -> Line {
        Line::exact(slope, 1.0)
    }
}
