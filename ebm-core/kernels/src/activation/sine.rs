//! `sin x` (Sitzmann et al., "Implicit neural representations with periodic activation functions", NeurIPS 2020)

use super::{Jet, Phi};
use crate::device::Real;
use crate::enclosure::Line;
use crate::math;

pub(crate) struct Sine;

impl Phi for Sine {
    const CUDA: &'static str = " return {sin(x), cos(x), -sin(x)}; ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        let (sine, cosine) = math::sin_cos(x);
        (sine, cosine, -sine)
    }

    fn line(_: f64) -> Line {
        Line { left: 0.0, right: 0.0, off: (-1.0, 1.0) }
    }

    fn value(_: f64, x: f64) -> f64 {
        x.sin()
    }

    fn bends(_: f64) -> [f64; 2] {
        [1.0; 2]
    }
}
