//! `tanh x`

use super::{Jet, Phi};
use crate::device::Real;
use crate::enclosure::Line;
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

    fn line(_: f64) -> Line {
        Line { left: 0.0, right: 0.0, off: (-1.0, 1.0) }
    }

    fn value(_: f64, x: f64) -> f64 {
        x.tanh()
    }

    fn bends(nearest: f64) -> [f64; 2] {
        // 1 - y^2 <= 4 e^-2|x|; the second derivative is largest at 4 / (3 sqrt 3).
        let fading = (-2.0 * nearest).exp();
        [(8.0 * fading).min(0.7699), (16.0 * fading).min(2.0)]
    }
}
