//! Activation functions in loops over slices.

use crate::device::Real;
use crate::math;

/// A function with its derivatives, evaluated together.
pub(crate) trait Phi: Copy + Sync + Send {
    /// Whether the second derivative is not identically zero.
    const CURVED: bool;
    /// phi(x)
    fn value(self, x: Real) -> Real;
    /// (phi(x), phi'(x), phi''(x))
    fn jet(self, x: Real) -> (Real, Real, Real);
}

#[derive(Clone, Copy)]
pub(crate) struct Leaky(pub Real);
#[derive(Clone, Copy)]
pub(crate) struct Silu;
#[derive(Clone, Copy)]
pub(crate) struct Softplus;
#[derive(Clone, Copy)]
pub(crate) struct Tanh;

impl Phi for Leaky {
    const CURVED: bool = false;
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        if x > 0.0 { x } else { self.0 * x }
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        (self.value(x), if x > 0.0 { 1.0 } else { self.0 }, 0.0)
    }
}

impl Phi for Silu {
    const CURVED: bool = true;
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        x * math::sigmoid(x)
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let s = math::sigmoid(x);
        (
            x * s,
            s * (1.0 + x * (1.0 - s)),
            s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)),
        )
    }
}

impl Phi for Softplus {
    const CURVED: bool = true;
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        math::softplus(x)
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let s = math::sigmoid(x);
        (math::softplus(x), s, s * (1.0 - s))
    }
}

impl Phi for Tanh {
    const CURVED: bool = true;
    #[inline(always)]
    fn value(self, x: Real) -> Real {
        math::tanh(x)
    }
    #[inline(always)]
    fn jet(self, x: Real) -> (Real, Real, Real) {
        let y = math::tanh(x);
        let d = 1.0 - y * y;
        (y, d, -2.0 * y * d)
    }
}

/// Calls `$body` with the function's own type, so that its loops are compiled for it.
macro_rules! with_phi {
    ($activation:expr, $slope:expr, |$phi:ident| $body:expr) => {
        match $activation {
            Activation::Identity => unreachable!("the identity is handled without a function"),
            Activation::Relu => {
                let $phi = Leaky(0.0);
                $body
            }
            Activation::LeakyRelu => {
                let $phi = Leaky($crate::dense::leak());
                $body
            }
            Activation::Prelu => {
                let $phi = Leaky($slope);
                $body
            }
            Activation::Silu => {
                let $phi = Silu;
                $body
            }
            Activation::Softplus => {
                let $phi = Softplus;
                $body
            }
            Activation::Tanh => {
                let $phi = Tanh;
                $body
            }
        }
    };
}
pub(crate) use with_phi;
