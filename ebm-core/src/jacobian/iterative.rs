//! The smallest singular pair without forming J: a locally optimal conjugate-gradient iteration on J^T J (LOBPCG,
//! Knyazev, SIAM J. Sci. Comput. 2001, with a block of one and no preconditioner), for every sample of a batch at once.
//!
//! An iteration that stops early **over**estimates s_1: the Rayleigh quotient is never below the smallest eigenvalue.

use dfdx::prelude::*;

use super::products::pullback;
use crate::device::Real;
use crate::geometry::{Geometry, Latents};
use crate::kernels::smallest::Iteration;
use crate::models::Generator;
use crate::tape::SharedTape;

/// When the iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IterativeOptions {
    /// Products with J^T J at most.
    pub steps: usize,
    /// Relative residual `||J^T J v - s^2 v|| / ||J||^2` below which a sample has converged (||J||^2 as seen so far).
    pub tolerance: f64,
}

/// Approximate smallest singular values with their right singular vectors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SmallestPairs<G: Geometry> {
    /// Unit vectors, `[B, d]`.
    pub vectors: Latents<G>,
    /// Estimates of s_1, `[B]`, never below the truth.
    pub values: Vec<f64>,
    /// Relative residuals, `[B]`; see [`IterativeOptions::tolerance`].
    pub residuals: Vec<f64>,
}

/// Iterates from `start` `[B, d]` (any nonzero vectors; those of a previous step are a good choice).
pub fn smallest_pairs<G: Geometry>(
    generator: &dyn Generator<G>,
    z: &Latents<G>,
    start: &Latents<G>,
    options: IterativeOptions,
) -> SmallestPairs<G> {
    // A residual at the level of rounding points nowhere; following it would undo what was found.
    let limit = options.tolerance.max(16.0 * f64::from(Real::EPSILON));
    let (mut iteration, directions) = Iteration::start(start);
    iteration.take_images(&apply(generator, z, &directions));
    for _ in 0..options.steps {
        let Some(directions) = iteration.next_directions(limit) else {
            break;
        };
        iteration.step(&apply(generator, z, &directions));
    }
    let (vectors, values, residuals) = iteration.end();
    SmallestPairs { vectors, values, residuals }
}

/// `J^T J v` for one vector a sample.
fn apply<G: Geometry>(generator: &dyn Generator<G>, z: &Latents<G>, v: &Latents<G>) -> Latents<G> {
    let off = SharedTape::off();
    let (_, jv) = generator.pushforward(off.watch(z), off.watch(v));
    let (jv, _) = jv.split_tape();
    pullback(generator, z, &jv)
}
