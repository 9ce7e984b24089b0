//! Functions of the singular values of Jacobians that are given by their columns, and gradients lifted through them.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;
pub mod gram;

#[cfg(not(device_kernels))]
use cpu as side;
#[cfg(device_kernels)]
use gpu as side;

use dfdx::prelude::*;

use crate::device::{Dev, PerSample, Real, Taped};
use crate::tape::SharedTape;
use crate::unary::recorded;

/// A function of a Jacobian's singular values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// `log |det J|` of a square one.
    Determinant,
    /// `1/2 log det(J^T J)`
    Gram,
    /// `log s_1`
    Smallest,
}

/// d columns `[D]` of each of B samples.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// B.
    pub batch: usize,
    /// d.
    pub d: usize,
    /// D.
    pub width: usize,
}

/// `[B]`, the value of `kind` for the Jacobians with these columns `[d B, D]`: column k of sample b is row `k B + b`.
pub fn volume<C: Dim>(columns: Taped<(usize, C)>, sizes: Sizes, kind: Volume) -> PerSample<SharedTape> {
    let (columns, tape) = columns.split_tape();
    let (y, slopes) = side::volume(&columns, sizes, kind);
    let kept = columns.clone();
    recorded(tape, &columns, y, move |gc, g| {
        side::add_gradient(gc, &g, &kept, sizes, &slopes)
    })
}

/// `J (J^T J)^-1 b`, `[B, D]`, of columns `[d B, D]` and `b` `[B, d]`.
pub fn lift<C: Dim, L: Dim>(
    columns: &Tensor<(usize, C), Real, Dev>,
    b: &Tensor<(usize, L), Real, Dev>,
    sizes: Sizes,
) -> Tensor<(usize, C), Real, Dev> {
    side::lift(columns, b, sizes)
}
