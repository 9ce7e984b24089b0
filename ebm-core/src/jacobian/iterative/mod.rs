//! The smallest singular pair without forming J: a locally optimal conjugate-gradient iteration on J^T J (LOBPCG,
//! Knyazev, SIAM J. Sci. Comput. 2001, with a block of one and no preconditioner), for every sample of a batch at once.
//!
//! An iteration that stops early **over**estimates s_1: the Rayleigh quotient is never below the smallest eigenvalue.

#[cfg(not(device_kernels))]
mod cpu;
#[cfg(device_kernels)]
mod gpu;

#[cfg(not(device_kernels))]
use cpu::Iteration;
#[cfg(device_kernels)]
use gpu::Iteration;

use dfdx::prelude::*;

use super::products::pullback;
use crate::device::Real;
use crate::geometry::{Geometry, Latents};
use crate::models::Generator;
use crate::tape::SharedTape;

/// When the iteration ends.
///
/// ```
/// # use ebm_core::{geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// use ebm_core::jacobian::{IterativeOptions, smallest_pairs};
///
/// // Singular values 1 and 3. A start between both vectors gives sqrt((1 + 9) / 2) until a step is taken.
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[1.0, 0.0, 0.0, 3.0], &[0.0, 0.0], 0.0);
/// let (z, start) = (Fixed::<2, 2>.latents(vec![0.0, 0.0]), Fixed::<2, 2>.latents(vec![1.0, 1.0]));
/// let after = |steps: usize| {
///     let options = IterativeOptions { steps, tolerance: 1e-6 };
///     smallest_pairs(&generator as &dyn Generator<_>, &z, &start, options).values[0]
/// };
/// assert!((after(0) - 5f64.sqrt()).abs() < 1e-5);
/// assert!((after(1) - 1.0).abs() < 1e-4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IterativeOptions {
    /// Products with J^T J at most.
    pub steps: usize,
    /// Relative residual `||J^T J v - s^2 v|| / ||J||^2` below which a sample has converged (||J||^2 as seen so far).
    pub tolerance: f64,
}

/// Approximate smallest singular values with their right singular vectors.
///
/// ```
/// # use ebm_core::{device::values, geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// use ebm_core::jacobian::{IterativeOptions, SmallestPairs, smallest_pairs};
///
/// // Singular values 1 and 3, and a start that is the vector of the smaller one.
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[1.0, 0.0, 0.0, 3.0], &[0.0, 0.0], 0.0);
/// let (z, start) = (Fixed::<2, 2>.latents(vec![0.0, 0.0]), Fixed::<2, 2>.latents(vec![2.0, 0.0]));
/// let options = IterativeOptions { steps: 5, tolerance: 1e-4 };
/// let found: SmallestPairs<_> = smallest_pairs(&generator as &dyn Generator<_>, &z, &start, options);
/// assert_eq!(values(&found.vectors), [1.0, 0.0]);
/// assert_eq!((found.values[0], found.residuals[0]), (1.0, 0.0));
/// ```
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

/// Relative size below which what is left of a vector is rounding error of the products.
const NOISE: f64 = if cfg!(feature = "f64") { 1e-8 } else { 1e-3 };

/// Iterates from `start` `[B, d]` (any nonzero vectors; those of a previous step are a good choice).
///
/// ```
/// # use ebm_core::{geometry::{Fixed, Geometry}, models::{Generator, closed_form::LinearGaussian}};
/// use ebm_core::jacobian::{IterativeOptions, smallest_pairs};
///
/// // G(z) = diag(1/4, 1, 2) z. With d steps the iteration spans the whole space.
/// let weight = [0.25, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0];
/// let generator = LinearGaussian::new(Fixed::<3, 3>, &weight, &[0.0; 3], 0.0);
/// let (z, start) = (Fixed::<3, 3>.latents(vec![0.0; 3]), Fixed::<3, 3>.latents(vec![1.0, 1.0, 1.0]));
/// let options = IterativeOptions { steps: 20, tolerance: 1e-5 };
/// let found = smallest_pairs(&generator as &dyn Generator<_>, &z, &start, options);
/// assert!((found.values[0] - 0.25).abs() < 1e-3);
/// ```
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
    SmallestPairs {
        vectors,
        values,
        residuals,
    }
}

/// `J^T J v` for one vector a sample.
fn apply<G: Geometry>(generator: &dyn Generator<G>, z: &Latents<G>, v: &Latents<G>) -> Latents<G> {
    let off = SharedTape::off();
    let (_, jv) = generator.pushforward(off.watch(z), off.watch(v));
    let (jv, _) = jv.split_tape();
    pullback(generator, z, &jv)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Runtime;
    use crate::jacobian::{jacobian, spectrum};
    use crate::models::mlp::{MlpGenerator, MlpGeneratorConfig};
    use crate::random::Random;

    fn problem(d: usize) -> (MlpGenerator<Runtime>, Latents<Runtime>, Latents<Runtime>, Vec<f64>) {
        let g = Runtime { latent: d, data: 2 * d };
        let config = MlpGeneratorConfig {
            hidden: vec![40, 40],
            init_gain: 2.0,
            ..Default::default()
        };
        let model = MlpGenerator::new(g, &config, Random::new(3));
        let draw = |name| g.latents(Random::new(5).stream(name).normals(4 * d));
        let (z, start) = (draw("z"), draw("start"));
        let j = jacobian(&model as &dyn Generator<_>, SharedTape::off().watch(&z));
        let exact = spectrum(&j).into_iter().map(|s| s[0]).collect();
        (model, z, start, exact)
    }

    #[test]
    fn it_converges_to_the_exact_value_and_stays_above_it_on_the_way() {
        let (model, z, start, exact) = problem(12);
        let mut last = vec![f64::INFINITY; 4];
        for steps in [0, 1, 2, 4, 8, 16, 60] {
            let options = IterativeOptions { steps, tolerance: 0.0 };
            let found = smallest_pairs(&model as &dyn Generator<_>, &z, &start, options);
            for ((value, exact), last) in found.values.iter().zip(&exact).zip(&mut last) {
                assert!(*value >= exact * (1.0 - 1e-3), "{steps} steps: {value} below {exact}");
                assert!(
                    *value <= *last * (1.0 + 1e-3),
                    "{steps} steps: {value} above the {last} of fewer"
                );
                *last = *value;
            }
        }
        for (value, exact) in last.iter().zip(&exact) {
            assert!((value / exact - 1.0).abs() < 1e-2, "{value} {exact}");
        }
    }

    #[test]
    fn a_start_at_the_answer_stays_there() {
        let (model, z, start, exact) = problem(6);
        let options = IterativeOptions {
            steps: 60,
            tolerance: 0.0,
        };
        let found = smallest_pairs(&model as &dyn Generator<_>, &z, &start, options);
        let again = IterativeOptions {
            steps: 0,
            tolerance: 0.0,
        };
        let warm = smallest_pairs(&model as &dyn Generator<_>, &z, &found.vectors, again);
        for (value, exact) in warm.values.iter().zip(&exact) {
            assert!((value / exact - 1.0).abs() < 1e-2, "{value} {exact}");
        }
    }
}
