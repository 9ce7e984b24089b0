use dfdx::prelude::*;

use crate::device::{Dev, PerSample, Real};
use crate::geometry::{Geometry, Latents, Samples, TapedLatents, TapedSamples};
use crate::kernels::directions;
use crate::kernels::volume::gram::{Gram, for_each_gram};
use crate::kernels::volume::{self as kernel, Sizes, Volume, volume};
use crate::models::Generator;
use crate::tape::SharedTape;

/// The samples of a batch and the Jacobians there.
#[derive(Clone)]
pub struct Columns<G: Geometry> {
    /// `G(z)`, `[B, D]`.
    pub samples: TapedSamples<G>,
    /// `[d*B, D]`: row `k*B + b` is the k-th column of sample b's Jacobian.
    pub columns: TapedSamples<G>,
    /// Number of samples, `B`.
    pub batch: usize,
    /// Number of latent dimensions, `d`.
    pub latent: usize,
}

/// The Jacobian at every latent, by pushing the d basis vectors forward together. Memory: `(d+1) B` rows.
pub fn jacobian<G: Geometry>(generator: &dyn Generator<G>, z: TapedLatents<G>) -> Columns<G> {
    let geometry = generator.geometry();
    let (batch, d) = (z.shape().0, geometry.latent_width());
    let basis = axes(batch, geometry.latent()).put_tape(SharedTape::off());
    let (samples, columns) = generator.pushforward(z, basis);
    Columns { samples, columns, batch, latent: d }
}

/// The basis vectors for every one of `batch` samples, direction-major: `[width * batch, width]`.
pub fn axes<W: Dim>(batch: usize, width: W) -> Tensor<(usize, W), Real, Dev> {
    directions::axes(batch, width, 0..width.size())
}

/// `1/2 log det(J^T J) = sum_i log s_i` in nats, `[B]`: the log of the factor by which G stretches volume.
///
/// Derivative: `J (J^T J)^-1`. Where J has not full rank the value is minus infinity.
pub fn log_volume<G: Geometry>(jacobian: &Columns<G>) -> PerSample<SharedTape> {
    // Forming J^T J squares the condition number; a square J has a determinant of its own.
    let square = jacobian.latent == jacobian.samples.shape().1.size();
    volume_of(jacobian, if square { Volume::Determinant } else { Volume::Gram })
}

/// `G(z)` and [`log_volume`] there, `[B, D]` and `[B]`: by the generator's own formula, or else from its Jacobian.
pub fn samples_and_log_volume<G: Geometry>(
    generator: &dyn Generator<G>,
    z: TapedLatents<G>,
) -> (TapedSamples<G>, PerSample<SharedTape>) {
    generator.with_log_volume(z.clone()).unwrap_or_else(|| {
        let columns = jacobian(generator, z);
        let volume = log_volume(&columns);
        (columns.samples, volume)
    })
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

/// All singular values of every sample, smallest first: B rows of d.
pub fn spectrum<G: Geometry>(jacobian: &Columns<G>) -> Vec<Vec<f64>> {
    let (batch, d) = (jacobian.batch, jacobian.latent);
    let (columns, _) = jacobian.columns.clone().split_tape();
    let mut all = Vec::with_capacity(batch);
    for_each_gram(&columns, batch, d, |gram| {
        let values = Gram { values: gram, d }.eigenvalues();
        all.push(values.into_iter().map(f64::sqrt).collect());
    });
    all
}
