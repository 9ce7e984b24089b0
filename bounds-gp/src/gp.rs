use ebm_core::models::EnergyFacts;
use ebm_core::{kernels, prelude::*};

use crate::config::{Form, GpConfig, Norm, Volume};
use crate::residual::{Ingredients, PerSampleLosses, Pushed};
use crate::score::Score;

/// `relu(weight E[N(r)] - margin)`, or the certified `E ||r||^2 / (2 rho)`.
pub struct GradientPenalty {
    config: GpConfig,
}

impl GradientPenalty {
    /// The bound with checked options.
    pub fn new(config: GpConfig) -> Self {
        Self { config }
    }

    /// Sizes of the residual and energies of the generated samples, on the energy's tape.
    fn sizes<G: Geometry>(&self, view: &EnergyView<'_, G>) -> PerSampleLosses {
        let form = self.config.form;
        let (volume, norm) = match form {
            // The certificate holds for the density itself, and for the squared norm.
            Form::LogSobolev => (Volume::LogDet, Norm::Squared),
            _ => (self.config.volume, self.config.norm),
        };
        let projections = match form {
            Form::Latent => self.config.projections,
            _ => 0,
        };
        let parts = match self.config.score {
            Score::Latent => Ingredients::of(view, volume, projections),
            Score::MultiSample { samples } => {
                Ingredients::noisy(view, samples, (form == Form::Latent).then_some(projections))
            }
        };
        if let (Pushed::Random(directions), 1) = (&parts.pushed, projections) {
            return parts.along(view, directions);
        }
        let (_, gradient) = energy_gradient(view.energy, view.generated());
        let (sizes, directions) = parts.sizes(view, gradient, form, norm);
        through_gradient(view.energy, view.generated(), sizes, directions, &view.tape)
    }

    fn log_sobolev<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<(f64, Guarantee), BoundError> {
        let rho = view.energy.facts().log_sobolev.ok_or_else(|| {
            let reason = "form \"log-sobolev\" needs an energy with a known log-Sobolev constant";
            let advice =
                "use a convex energy, or an \"mlp\" with activation \"tanh\" and a confinement, or form \"data\"";
            BoundError::unsupported("gp", reason, advice)
        })?;
        let facts = view.generator.facts();
        let weakness = if facts.couples_batch {
            Some("batch-norm couples the batch in training; the density is that of evaluation")
        } else if facts.noise > 0.0 {
            Some("noise changes the density that the Jacobian gives")
        } else if !facts.injective {
            Some("the generator is not known to be injective, so the density at a sample is not known")
        } else {
            None
        };
        let claim = match weakness {
            Some(reason) => Guarantee::heuristic(reason),
            None => Guarantee::certified(
                "log-Sobolev inequality with a known constant, exact density of an injective generator",
            ),
        };
        Ok((rho, claim))
    }
}

ebm_core::no_parameters!(GradientPenalty);

impl<G: Geometry> UpperBound<G> for GradientPenalty {
    /// The log-Sobolev constant must be known, and so large that the squares of gradients that are divided by it, which optimisers
    /// keep, are finite in `Real`.
    fn accepts_energy(&self, facts: &EnergyFacts) -> Result<(), ConfigError> {
        if self.config.form != Form::LogSobolev {
            return Ok(());
        }
        let least = 1.0 / f64::from(Real::MAX).sqrt();
        let found = match facts.log_sobolev {
            Some(rho) if rho >= least && rho.is_finite() => return Ok(()),
            Some(rho) => format!("its initial weights have {rho:.3e}"),
            None => "it has none that is known and above 0".into(),
        };
        let expected = format!(
            "an energy with a log-Sobolev constant of at least {least:.1e} ({found}): an \"mlp\" with activation \"tanh\" and a \
             confinement, fewer or smaller weights (energy.hidden, energy.init_gain), or form \"data\""
        );
        Err(ConfigError::new("form", "log-sobolev", expected))
    }

    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        self.config.score.accepts(view.generator)?;
        let certified = match self.config.form {
            Form::LogSobolev => Some(self.log_sobolev(view)?),
            _ => None,
        };
        let (sizes, energies) = self.sizes(view);
        view.share_generated_energy(energies);
        if let Some((rho, claim)) = certified {
            // The sizes are ||r||^2 / 2. The constant may underflow in single precision, the reported value must not.
            let measured = values(&sizes).into_iter().map(|size| f64::from(size) / rho);
            let measurement = Measurement::of(measured, claim).with("log_sobolev", rho);
            return Ok(Estimate::new(kernels::mean(sizes / rho as Real), measurement));
        }
        let weight = self.config.weight.at(view.step) * self.config.decay.factor(view.step);
        let claim = Guarantee::heuristic(match self.config.score {
            Score::Latent => "the weight stands for Lipschitz constants that are not known",
            Score::MultiSample { .. } => {
                "the weight stands for Lipschitz constants that are not known, and the score is estimated from finitely many \
                 latents"
            }
        });
        let mut estimate = Estimate::mean_of(sizes, claim);
        let residual = estimate.measurement.value;
        estimate.value = hinge(estimate.value * weight as Real - self.config.margin as Real);
        let term = weight * residual - self.config.margin;
        // Not `max`, which would call a NaN zero.
        estimate.measurement.value = if term < 0.0 { 0.0 } else { term };
        estimate.measurement.standard_error *= weight;
        // Without a margin the penalty, which is never negative, is the mean itself.
        let why = "its margin is compared with the mean over the samples";
        estimate.coupling = (self.config.margin > 0.0).then(|| why.into());
        Ok(estimate.with("residual", residual).with("weight", weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::bounds::EnergySituation;
    use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};

    const PLANE: Fixed<2, 2> = Fixed;

    fn log_sobolev() -> GradientPenalty {
        GradientPenalty::new(GpConfig { form: Form::LogSobolev, ..Default::default() })
    }

    fn accepted(bound: &GradientPenalty, rho: Option<f64>) -> Result<(), ConfigError> {
        let mut facts = EnergyFacts::default();
        facts.log_sobolev = rho;
        UpperBound::<Fixed<2, 2>>::accepts_energy(bound, &facts)
    }

    #[test]
    fn a_constant_that_cannot_be_divided_by_is_refused_before_training() {
        let bound = log_sobolev();
        for rho in [1.0, 1e-6, 1e-18] {
            assert_eq!(accepted(&bound, Some(rho)), Ok(()));
        }
        // 5e-324 is the least number above 0 in double precision: its reciprocal is infinite.
        for (rho, told) in [(Some(5e-324), "have 4.941e-324"), (Some(0.0), "have 0.000e0"), (None, "has none")] {
            let error = accepted(&bound, rho).unwrap_err();
            assert_eq!((error.key.as_str(), error.value.as_str()), ("form", "log-sobolev"));
            assert!(error.expected.contains(told) && error.expected.contains("at least"), "{error}");
        }
        assert_eq!(accepted(&GradientPenalty::new(GpConfig::default()), None), Ok(()));
    }

    #[test]
    fn a_constant_below_single_precision_gives_the_bound_in_double() {
        // E = rho/2 |x|^2 and x = z: the residual is (rho - 1) z, so the bound is (1 - rho)^2 |z|^2 / (2 rho). z = (1, 2).
        let rho = 1e-30;
        let energy = QuadraticEnergy::new(PLANE, &[rho, 0.0, 0.0, rho], &[0.0; 2]);
        let generator = LinearGaussian::new(PLANE, &[1.0, 0.0, 0.0, 1.0], &[0.0; 2], 0.0);
        let latents = PLANE.latents(vec![1.0, 2.0, 1.0, 2.0]);
        let data = PLANE.samples(vec![0.0; 4]);
        let situation = EnergySituation { energy: &energy, generator: &generator, latents: &latents, data: &data };
        let view = EnergyView::new(&situation, SharedTape::off(), Random::new(0), 0);
        let found = log_sobolev().divergence(&view).unwrap().measurement;
        assert!((found.value * rho / 2.5 - 1.0).abs() < 1e-5, "{}", found.value);
        assert_eq!(found.level(), Some(Level::Certified));
    }
}
