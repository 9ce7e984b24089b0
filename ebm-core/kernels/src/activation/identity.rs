//! `x`

use super::{Jet, Phi};
use crate::device::Real;
use crate::enclosure::Line;

pub(crate) struct Identity;

impl Phi for Identity {
    const CURVED: bool = false;
    const CUDA: &'static str = " return {x, 1, 0}; ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        (x, 1.0, 0.0)
    }

    fn line(_: f64) -> Line {
        Line::exact(1.0, 1.0)
    }
}
