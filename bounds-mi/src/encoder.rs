//! The encoder q(z given x).

use dfdx::prelude::*;
use ebm_core::device::Matrix;
use ebm_core::geometry::{Geometry, Samples};
use ebm_core::kernels::rows::repeat;
use ebm_core::network::Network;
use ebm_core::tape::SharedTape;

/// Means and log-variances of z given each sample, `[B, 2d]`, on the samples' tape.
pub(crate) fn encode<G: Geometry>(encoder: &Network, x: Samples<G, SharedTape>) -> Matrix<SharedTape> {
    let (x, tape) = x.split_tape();
    let count = x.shape().0;
    encoder.apply(repeat(tape.watch(&x), 1), count, &tape)
}
