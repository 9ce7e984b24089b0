use ebm_core::geometry::{Geometry, Samples};
use ebm_core::{device::Real, error::ConfigError, models::Energy, random::Random};
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;
use thiserror::Error;

use super::{Chains, Transition, energies_and_gradients};

/// How samples are moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// Unadjusted Langevin steps: every step is taken. Robust, but its stationary distribution is off by O(step size^2).
    Ula,
    /// Langevin steps with a Metropolis test: the stationary distribution is the energy's, exactly.
    #[default]
    Mala,
    /// Hamiltonian Monte Carlo: several leapfrog steps before each Metropolis test. Exact, and it moves further.
    Hmc,
}

impl Method {
    /// The acceptance at which a step size is most efficient in many dimensions: 0.574 for MALA (Roberts and Rosenthal,
    /// 1998), 0.651 for HMC (Beskos et al., 2013).
    pub(crate) fn target_acceptance(self) -> f64 {
        if self == Method::Hmc { 0.651 } else { 0.574 }
    }
}

/// How samples are refined.
#[derive(Clone, Copy, Debug, PartialEq, SmartDefault, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefineOptions {
    /// How samples are moved.
    pub method: Method,
    /// Number of transitions.
    #[default(100)]
    pub steps: u64,
    /// Step size eps in units of the data: a Langevin step is x - eps^2/2 grad E(x) + eps n.
    #[default(0.05)]
    pub step_size: f64,
    /// Leapfrog steps a transition, for `hmc`.
    #[default(8)]
    pub leapfrog: usize,
    /// Adapt the step size during the first third of the transitions, for `mala` and `hmc`.
    #[default(true)]
    pub adapt: bool,
}

impl RefineOptions {
    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let step = self.step_size;
        let expected = "a finite number > 0, in units of the data";
        ConfigError::require(step > 0.0 && step.is_finite(), "step_size", step, expected)?;
        ConfigError::require(self.leapfrog > 0, "leapfrog", self.leapfrog, "a number > 0")
    }

    /// Transitions that adapt the step size; none of them is exact.
    fn warm_up(&self) -> u64 {
        if self.adapt && self.method != Method::Ula { self.steps / 3 } else { 0 }
    }
}

/// The outcome of a refinement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RefineReport {
    /// How samples were moved.
    pub method: Method,
    /// Number of transitions.
    pub steps: u64,
    /// How many of them, the first ones, adapted the step size.
    pub warm_up: u64,
    /// The step size after the warm-up, in units of the data.
    pub step_size: f64,
    /// Mean probability of the Metropolis test after the warm-up. For `ula`, which makes no test: what it would have
    /// been; far below 1 means a biased result. NaN without transitions.
    pub acceptance: f64,
    /// Proposals whose energy or gradient was not finite, all refused.
    pub not_finite: usize,
    /// Samples that never moved.
    pub unmoved: usize,
    /// Mean energy before, nats.
    pub energy_before: f64,
    /// Mean energy after, nats.
    pub energy_after: f64,
}

/// Samples that cannot be refined.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum RefineError {
    /// An option that cannot be used.
    #[error(transparent)]
    Option(#[from] ConfigError),
    /// A chain cannot start where the energy is not finite.
    #[error(
        "sample {sample} of {samples}: the energy ({energy} nats) or its gradient is not finite there, so it cannot be refined"
    )]
    Start {
        /// The sample, counted from 0.
        sample: usize,
        /// Number of samples.
        samples: usize,
        /// Its energy.
        energy: f64,
    },
}

/// Moves samples `[B, D]` by Markov chains, one a sample, whose stationary distribution is exp(-E)/Z.
///
/// After few transitions a sample is a compromise: its surroundings are the energy's, but how many samples each mode
/// has is still the start's. A proposal whose energy or gradient is not finite is never taken.
///
/// # Errors
/// If an option cannot be used, or a sample's energy or gradient is not finite at the start.
pub fn refine<G: Geometry>(
    energy: &dyn Energy<G>,
    start: Samples<G>,
    options: &RefineOptions,
    random: Random,
) -> Result<(Samples<G>, RefineReport), RefineError> {
    options.check()?;
    let geometry = energy.geometry();
    let width = geometry.data_width();
    let potential = |points: &[Real]| energies_and_gradients(energy, points);
    let points = start.as_vec();
    let samples = points.len() / width;
    let refuse = |(sample, energy)| RefineError::Start { sample, samples, energy };
    let mut chains = Chains::start(&potential, width, points).map_err(refuse)?;
    let random = random.stream("refine");
    let warm_up = options.warm_up();
    let energy_before = chains.mean_energy();
    let (mut step_size, mut acceptance, mut not_finite) = (options.step_size, 0.0, 0);
    for step in 0..options.steps {
        let place = random.at(step);
        // A Hamiltonian path of fixed length can come back to its start for ever; a random length cannot.
        let (jitter, leapfrog) = match options.method {
            Method::Hmc => (0.8 + 0.4 * f64::from(place.stream("jitter").uniforms(1)[0]), options.leapfrog),
            _ => (1.0, 1),
        };
        let transition = Transition { step_size: step_size * jitter, leapfrog, tested: options.method != Method::Ula };
        let outcome = chains.advance(transition, place);
        not_finite += outcome.not_finite;
        if step < warm_up {
            // Robbins and Monro (1951) on the logarithm of the step size.
            let gain = ((step + 1) as f64).powf(-0.6);
            step_size *= (gain * (outcome.acceptance - options.method.target_acceptance())).exp();
        } else {
            acceptance += outcome.acceptance;
        }
    }
    let report = RefineReport {
        method: options.method,
        steps: options.steps,
        warm_up,
        step_size,
        acceptance: acceptance / (options.steps - warm_up) as f64,
        not_finite,
        unmoved: chains.unmoved(),
        energy_before,
        energy_after: chains.mean_energy(),
    };
    Ok((geometry.samples(chains.points), report))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::{geometry::Fixed, models::closed_form::QuadraticEnergy};

    const PRECISION: [f64; 4] = [2.0, 0.6, 0.6, 1.0];
    const MEAN: [f64; 2] = [0.5, -1.0];
    const CHAINS: usize = 20_000;

    fn gaussian() -> QuadraticEnergy<Fixed<2, 2>> {
        QuadraticEnergy::new(Fixed, &PRECISION, &MEAN)
    }

    fn start() -> Samples<Fixed<2, 2>> {
        let wide = Random::new(1).stream("start").normals(2 * CHAINS);
        Fixed::<2, 2>.samples(wide.into_iter().map(|v| 2.0 * v).collect())
    }

    fn refined(options: RefineOptions) -> (Vec<Real>, RefineReport) {
        let (samples, report) = refine(&gaussian(), start(), &options, Random::new(2)).unwrap();
        (samples.as_vec(), report)
    }

    /// Mean and covariance within 5 standard errors of the Gaussian's: N(MEAN, PRECISION^-1).
    fn check_moments(samples: &[Real]) {
        let n = CHAINS as f64;
        let [a, b, _, d] = PRECISION;
        let determinant = a * d - b * b;
        let covariance = [[d / determinant, -b / determinant], [-b / determinant, a / determinant]];
        let at = |row: usize, i: usize| f64::from(samples[2 * row + i]) - MEAN[i];
        for i in 0..2 {
            let mean = (0..CHAINS).map(|row| at(row, i)).sum::<f64>() / n;
            let standard_error = (covariance[i][i] / n).sqrt();
            assert!(mean.abs() < 5.0 * standard_error, "mean {i}: off by {mean}, se {standard_error}");
            for j in 0..2 {
                let found = (0..CHAINS).map(|row| at(row, i) * at(row, j)).sum::<f64>() / n;
                let (own, cross) = (covariance[i][i] * covariance[j][j], covariance[i][j]);
                let standard_error = ((own + cross * cross) / n).sqrt();
                let error = found - cross;
                assert!(error.abs() < 5.0 * standard_error, "({i}, {j}): off by {error}, se {standard_error}");
            }
        }
    }

    #[test]
    fn mala_and_hmc_reach_the_energys_distribution() {
        for (method, steps) in [(Method::Mala, 90), (Method::Hmc, 45)] {
            let (samples, report) = refined(RefineOptions { method, steps, step_size: 0.3, leapfrog: 5, adapt: true });
            check_moments(&samples);
            assert_eq!((report.warm_up, report.not_finite, report.unmoved), (steps / 3, 0, 0));
            assert!((0.4..0.95).contains(&report.acceptance), "{report:?}");
            // Equipartition: half a nat a dimension.
            let standard_error = (1.0 / CHAINS as f64).sqrt();
            assert!((report.energy_after - 1.0).abs() < 5.0 * standard_error, "{report:?}");
        }
    }

    #[test]
    fn a_step_size_far_too_large_is_brought_down_by_adapting_only() {
        let options = RefineOptions { step_size: 30.0, steps: 120, ..RefineOptions::default() };
        let (samples, report) = refined(options);
        check_moments(&samples);
        assert!(report.step_size < 3.0, "{report:?}");
        let (_, fixed) = refined(RefineOptions { adapt: false, steps: 3, ..options });
        assert_eq!((fixed.step_size, fixed.warm_up), (30.0, 0));
        assert!(fixed.acceptance < 0.01, "{fixed:?}");
    }

    #[test]
    fn samples_are_functions_of_the_seed_and_no_steps_leave_them_alone() {
        let options = RefineOptions { steps: 4, ..RefineOptions::default() };
        let run = |seed| refine(&gaussian(), start(), &options, Random::new(seed)).unwrap().0.as_vec();
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
        let (samples, report) = refined(RefineOptions { steps: 0, ..RefineOptions::default() });
        assert_eq!(samples, start().as_vec());
        assert_eq!(report.energy_before, report.energy_after);
    }

    #[test]
    fn bad_options_and_starts_are_named() {
        let good = RefineOptions::default();
        let (step, leapfrog) = (RefineOptions { step_size: -1.0, ..good }, RefineOptions { leapfrog: 0, ..good });
        let start = "sample 1 of 2: the energy (NaN nats) or its gradient is not finite there, so it cannot be refined";
        for (options, second, expected) in [
            (step, 0.0, "step_size = -1: expected a finite number > 0, in units of the data"),
            (leapfrog, 0.0, "leapfrog = 0: expected a number > 0"),
            (good, Real::NAN, start),
        ] {
            let points = Fixed::<2, 2>.samples(vec![0.0, 0.0, second, 0.0]);
            let error = refine(&gaussian(), points, &options, Random::new(1)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
