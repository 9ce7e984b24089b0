//! `sin x` (Sitzmann et al., "Implicit neural representations with periodic activation functions", NeurIPS 2020)

use super::{Jet, Phi};
use crate::device::Real;
use crate::math;

pub(crate) struct Sine;

impl Phi for Sine {
    const CUDA: &'static str = " return {sin(x), cos(x), -sin(x)}; ";

    #[inline(always)]
    fn jet(_: Real, x: Real) -> Jet {
        let (sine, cosine) = math::sin_cos(x);
        (sine, cosine, -sine)
    }
}
