use ebm_core::jacobian::{
    IterativeOptions, jacobian, log_mean_square, log_norm_pushforward, log_smallest, samples_and_log_volume,
    smallest_pairs,
};
use ebm_core::prelude::*;

use crate::config::{IterativeSolver, Solver, SvConfig, Variant};
use crate::guarantee::{self, Convergence};

const WARM_START: &str = "warm_start";

/// `floor(H) = H[p0] + E[d log s_1]`, or the same with `1/2 log det(J^T J)`.
pub struct SingularValues<G: Geometry> {
    config: SvConfig,
    geometry: G,
    random: Random,
    /// Vectors of the last iterative solution, for the next one to start from.
    warm: Option<Latents<G>>,
}

impl<G: Geometry> SingularValues<G> {
    /// The bound with checked options, of which the variant is `smallest` or `log-det`.
    pub fn new(config: SvConfig, geometry: G, random: Random) -> Self {
        Self { config, geometry, random, warm: None }
    }

    /// d log s_1 at the vectors that the iteration finds.
    fn iterate(
        &mut self,
        solver: IterativeSolver,
        view: &GeneratorView<'_, G>,
    ) -> (PerSample<SharedTape>, Convergence, f64) {
        let batch = view.batch();
        // Only training keeps its vectors: an evaluation in between must not change what is trained next.
        let warms = solver.warm_start && view.tape.is_recording();
        let last = if warms { self.warm.take() } else { None };
        let start = last.filter(|w| rows(w) == batch).unwrap_or_else(|| {
            let draws = view.rows_of(self.random).stream("start").at(view.step);
            draws.normal_tensor((batch, self.geometry.latent()))
        });
        let options = IterativeOptions { steps: solver.steps, tolerance: solver.tolerance };
        let found = smallest_pairs(view.generator, view.latents, &start, options);
        let converged = found.residuals.iter().filter(|r| **r <= solver.tolerance).count();
        let convergence = match converged == batch {
            true => Convergence::Converged,
            false => Convergence::Stopped { share: converged as f64 / batch as f64 },
        };
        let worst = found.residuals.iter().copied().fold(0.0, f64::max);
        let value = log_norm_pushforward(view.generator, view.tape.watch(view.latents), &found.vectors);
        if warms && found.residuals.iter().all(|r| r.is_finite()) {
            self.warm = Some(found.vectors);
        }
        (value, convergence, worst)
    }
}

impl<G: Geometry> Module for SingularValues<G> {
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
    fn transient_state(&self) -> State {
        let width = self.geometry.latent_width();
        let array = |warm: &Latents<G>| (vec![rows(warm), width], values(warm));
        self.warm.iter().map(|warm| (WARM_START.to_string(), array(warm))).collect()
    }
    fn restore_transient_state(&mut self, state: &State) -> Result<(), StateError> {
        if let Some(name) = state.keys().find(|name| *name != WARM_START) {
            return Err(StateError::Unknown { name: name.clone() });
        }
        let width = self.geometry.latent_width();
        self.warm = match state.get(WARM_START) {
            None => None,
            Some((shape, values)) if matches!(shape[..], [_, d] if d == width) => {
                Some(self.geometry.latents(values.clone()))
            }
            Some((shape, _)) => {
                return Err(StateError::Shape {
                    name: WARM_START.into(),
                    found: shape.clone(),
                    expected: vec![shape.first().copied().unwrap_or(0), width],
                });
            }
        };
        Ok(())
    }
}

impl<G: Geometry> LowerBound<G> for SingularValues<G> {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let d = self.geometry.latent_width();
        let mut residual = None;
        let (volume, convergence) = match (self.config.variant, self.config.solver) {
            (Variant::Smallest, Solver::Iterative(solver)) => {
                let (log_s1, convergence, worst) = self.iterate(solver, view);
                residual = Some(worst);
                (log_s1 * d as Real, convergence)
            }
            (Variant::Smallest, _) => {
                let j = jacobian(view.generator, view.tape.watch(view.latents));
                (log_smallest(&j) * d as Real, Convergence::Exact)
            }
            _ => (samples_and_log_volume(view.generator, view.tape.watch(view.latents)).1, Convergence::Exact),
        };
        let claim = guarantee::lower_bound(self.geometry, view.generator.facts(), convergence);
        let mut estimate = Estimate::mean_of(volume, claim);
        let volume = estimate.measurement.value;
        estimate = estimate.plus(standard_normal_entropy(d)).with("volume", volume);
        Ok(match residual {
            Some(worst) => estimate.with("worst_residual", worst),
            None => estimate,
        })
    }

    /// `log |det J| - log N(z; 0, I)`, where that is minus the logarithm of the density.
    fn log_inverse_densities(&self, view: &GeneratorView<'_, G>) -> Result<Option<Vec<f64>>, BoundError> {
        let (geometry, facts) = (self.geometry, view.generator.facts());
        let is_density = self.config.variant == Variant::LogDet
            && facts.injective
            && facts.noise == 0.0
            && !facts.couples_batch
            && geometry.latent_width() == geometry.data_width();
        if !is_density {
            return Ok(None);
        }
        let (_, volumes) = samples_and_log_volume(view.generator, SharedTape::off().watch(view.latents));
        let constant = 0.5 * std::f64::consts::TAU.ln() * geometry.latent_width() as f64;
        let squares = square_norm(view.latents).read();
        let terms = values(&volumes).into_iter().zip(squares);
        Ok(Some(terms.map(|(volume, square)| f64::from(volume) + 0.5 * square + constant).collect()))
    }

    fn entropy_upper_bound(&mut self, view: &GeneratorView<'_, G>) -> Result<Option<Measurement>, BoundError> {
        let claim = guarantee::upper_bound(self.geometry, view.generator.facts());
        let constant = standard_normal_entropy(self.geometry.latent_width());
        let values = log_mean_square(view.generator, view.latents).into_iter();
        Ok(Some(Measurement::of(values.map(|value| value + constant), claim)))
    }
}
