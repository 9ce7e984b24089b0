//! Jacobians as d pushforwards.

use dfdx::prelude::*;

use crate::geometry::{Geometry, Latents, Samples};
use crate::jacobian::axes;
use crate::models::Generator;
use crate::tape::SharedTape;

/// The samples of a batch and the Jacobians there.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::{Columns, jacobian};
///
/// // G(z) = (2 z_2, z_1 / 2).
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[0.0, 2.0, 0.5, 0.0], &[0.0, 0.0], 0.0);
/// let z = Fixed::<2, 2>.latents(vec![1.0, 3.0]);
/// let j: Columns<Fixed<2, 2>> = jacobian(&generator as &dyn Generator<_>, SharedTape::off().watch(&z));
/// assert_eq!(values(&j.samples), [6.0, 0.5]);
/// // dG/dz_1, then dG/dz_2.
/// assert_eq!(values(&j.columns), [0.0, 0.5, 2.0, 0.0]);
/// assert_eq!((j.batch, j.latent), (1, 2));
/// ```
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
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::jacobian;
///
/// // G(z) = (3 z, 4 z) has the one column (3, 4) at every latent.
/// let generator = LinearGaussian::new(Fixed::<1, 2>, &[3.0, 4.0], &[0.0, 0.0], 0.0);
/// let z = Fixed::<1, 2>.latents(vec![-1.0, 2.0]);
/// let j = jacobian(&generator as &dyn Generator<_>, SharedTape::off().watch(&z));
/// assert_eq!(values(&j.columns), [3.0, 4.0, 3.0, 4.0]);
/// ```
pub fn jacobian<G: Geometry>(generator: &dyn Generator<G>, z: Latents<G, SharedTape>) -> Columns<G> {
    let geometry = generator.geometry();
    let (batch, d) = (z.shape().0, geometry.latent_width());
    let basis = axes(batch, geometry.latent()).put_tape(SharedTape::off());
    let (samples, columns) = generator.pushforward(z, basis);
    Columns {
        samples,
        columns,
        batch,
        latent: d,
    }
}
