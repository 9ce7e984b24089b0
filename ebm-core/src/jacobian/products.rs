use dfdx::prelude::*;

use crate::device::PerSample;
use crate::geometry::{Geometry, Latents, Samples, TapedLatents};
use crate::kernels::{row_dot, sum};
use crate::models::Generator;
use crate::tape::{SharedTape, backward};

/// `J^T u`, `[B, d]`, for one vector a sample.
pub fn pullback<G: Geometry>(generator: &dyn Generator<G>, z: &Latents<G>, u: &Samples<G>) -> Latents<G> {
    let tape = SharedTape::inputs_only();
    let none = generator.geometry().latents(Vec::new()).put_tape(SharedTape::off());
    // The map of evaluation, also for a generator with batch-norm.
    let (x, _) = generator.pushforward(tape.watch(z), none);
    backward(sum(row_dot(x, u.clone().put_tape(SharedTape::off())))).of(z)
}

/// `log ||J v||`, `[B]`, for one constant direction a sample: with v the right singular vector of a simple singular value
/// s, its derivative is that of log s.
pub fn log_norm_pushforward<G: Geometry>(
    generator: &dyn Generator<G>,
    z: TapedLatents<G>,
    v: &Latents<G>,
) -> PerSample<SharedTape> {
    let (_, jv) = generator.pushforward(z, v.clone().put_tape(SharedTape::off()));
    row_dot(jv.clone(), jv).ln() * 0.5
}
