//! Volume terms of Jacobians: `1/2 log det(J^T J)`, `log s_1`, and what their derivatives are made of.

use dfdx::prelude::*;

use super::Columns;
use crate::device::PerSample;
use crate::geometry::{Geometry, Latents, Samples};
use crate::kernels::volume::{self as kernel, Sizes, Volume, volume};
use crate::tape::SharedTape;

/// `1/2 log det(J^T J) = sum_i log s_i` in nats, `[B]`: the log of the factor by which G stretches volume.
///
/// Derivative: `J (J^T J)^-1`. Where J has not full rank the value is minus infinity.
pub fn log_volume<G: Geometry>(jacobian: &Columns<G>) -> PerSample<SharedTape> {
    // Forming J^T J squares the condition number; a square J has a determinant of its own.
    let square = jacobian.latent == jacobian.samples.shape().1.size();
    volume_of(jacobian, if square { Volume::Determinant } else { Volume::Gram })
}

/// `log s_1`, `[B]`, the log of the smallest singular value, by an exact solver.
///
/// Derivative (of a simple s_1): `J v_1 v_1^T / s_1^2`.
pub fn log_smallest<G: Geometry>(jacobian: &Columns<G>) -> PerSample<SharedTape> {
    volume_of(jacobian, Volume::Smallest)
}

/// `J (J^T J)^-1 b`, `[B, D]`: the gradient in data space, within the image of G, of a function whose gradient in z is b.
///
/// With `D = d` this is `J^-T b`.
pub fn lift<G: Geometry>(jacobian: &Columns<G>, b: &Latents<G>) -> Samples<G> {
    let (columns, _) = jacobian.columns.clone().split_tape();
    kernel::lift(&columns, b, sizes(jacobian))
}

fn sizes<G: Geometry>(jacobian: &Columns<G>) -> Sizes {
    Sizes { batch: jacobian.batch, d: jacobian.latent, width: jacobian.samples.shape().1.size() }
}

fn volume_of<G: Geometry>(jacobian: &Columns<G>, kind: Volume) -> PerSample<SharedTape> {
    volume(jacobian.columns.clone(), sizes(jacobian), kind)
}
