//! Jacobians as d pushforwards.

use dfdx::prelude::*;

use crate::geometry::{Geometry, Latents, Samples};
use crate::jacobian::axes;
use crate::models::Generator;
use crate::tape::SharedTape;

/// The samples of a batch and the Jacobians there.
#[derive(Clone)]
pub struct Columns<G: Geometry> {
    /// `G(z)`, `[B, D]`.
    pub samples: Samples<G, SharedTape>,
    /// `[d*B, D]`: row `k*B + b` is the k-th column of sample b's Jacobian.
    pub columns: Samples<G, SharedTape>,
    /// Number of samples, `B`.
    pub batch: usize,
    /// Number of latent dimensions, `d`.
    pub latent: usize,
}

/// The Jacobian at every latent, by pushing the d basis vectors forward together. Memory: `(d+1) B` rows.
pub fn jacobian<G: Geometry>(generator: &dyn Generator<G>, z: Latents<G, SharedTape>) -> Columns<G> {
    let geometry = generator.geometry();
    let (batch, d) = (z.shape().0, geometry.latent_width());
    let basis = axes(batch, geometry.latent()).put_tape(SharedTape::off());
    let (samples, columns) = generator.pushforward(z, basis);
    Columns { samples, columns, batch, latent: d }
}
