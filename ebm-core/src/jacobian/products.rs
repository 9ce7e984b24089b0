//! Products with J and its transpose, without forming J.

use dfdx::prelude::*;

use crate::device::PerSample;
use crate::geometry::{Geometry, Latents, Samples};
use crate::kernels::{row_dot, sum};
use crate::models::Generator;
use crate::tape::{SharedTape, backward};

/// `J^T u`, `[B, d]`, for one vector a sample.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// use ebm_core::jacobian::pullback;
///
/// // G(z) = (3 z, 4 z): J^T u = 3 u_1 + 4 u_2.
/// let generator = LinearGaussian::new(Fixed::<1, 2>, &[3.0, 4.0], &[0.0, 0.0], 0.0);
/// let (z, u) = (Fixed::<1, 2>.latents(vec![0.7]), Fixed::<1, 2>.samples(vec![1.0, 2.0]));
/// assert_eq!(values(&pullback(&generator as &dyn Generator<_>, &z, &u)), [11.0]);
/// ```
pub fn pullback<G: Geometry>(generator: &dyn Generator<G>, z: &Latents<G>, u: &Samples<G>) -> Latents<G> {
    let tape = SharedTape::inputs_only();
    let none = generator.geometry().latents(Vec::new()).put_tape(SharedTape::off());
    // The map of evaluation, also for a generator with batch-norm.
    let (x, _) = generator.pushforward(tape.watch(z), none);
    backward(sum(row_dot(x, u.clone().put_tape(SharedTape::off())))).of(z)
}

/// `log ||J v||`, `[B]`, for one constant direction a sample: with v the right singular vector of a simple singular value
/// s, its derivative is that of log s.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// # use ebm_core::tape::SharedTape;
/// use ebm_core::jacobian::log_norm_pushforward;
///
/// // G(z) = (3 z, 4 z): ||J v|| = 5 |v|.
/// let generator = LinearGaussian::new(Fixed::<1, 2>, &[3.0, 4.0], &[0.0, 0.0], 0.0);
/// let (z, v) = (Fixed::<1, 2>.latents(vec![0.7]), Fixed::<1, 2>.latents(vec![1.0]));
/// let value = log_norm_pushforward(&generator as &dyn Generator<_>, SharedTape::off().watch(&z), &v);
/// assert!((f64::from(values(&value)[0]) - 5f64.ln()).abs() < 1e-6);
/// ```
pub fn log_norm_pushforward<G: Geometry>(
    generator: &dyn Generator<G>,
    z: Latents<G, SharedTape>,
    v: &Latents<G>,
) -> PerSample<SharedTape> {
    let (_, jv) = generator.pushforward(z, v.clone().put_tape(SharedTape::off()));
    row_dot(jv.clone(), jv).ln() * 0.5
}
