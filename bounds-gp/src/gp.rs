use ebm_core::prelude::*;

use crate::config::{Form, GpConfig, Norm, Volume};
use crate::residual::{Ingredients, PerSampleLosses, Pushed};

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
        let (volume, norm) = match self.config.form {
            // The certificate holds for the density itself, and for the squared norm.
            Form::LogSobolev => (Volume::LogDet, Norm::Squared),
            _ => (self.config.volume, self.config.norm),
        };
        let projections = match self.config.form {
            Form::Latent => self.config.projections,
            _ => 0,
        };
        let parts = Ingredients::of(view, volume, projections);
        if let (Pushed::Random(directions), 1) = (&parts.pushed, projections) {
            return parts.along(view, directions);
        }
        let (_, gradient) = energy_gradient(view.energy, view.generated());
        let (sizes, directions) = match (&parts.pushed, self.config.form) {
            (Pushed::Random(directions), _) => parts.projected(&gradient, directions),
            (Pushed::Whole(jacobian), Form::Latent) => parts.latent(&gradient, jacobian, norm),
            (Pushed::Whole(jacobian), _) => parts.data(gradient, jacobian, norm),
        };
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
    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let certified = match self.config.form {
            Form::LogSobolev => Some(self.log_sobolev(view)?),
            _ => None,
        };
        let (values, energies) = self.sizes(view);
        view.share_generated_energy(energies);
        if let Some((rho, claim)) = certified {
            // The sizes are ||r||^2 / 2.
            return Ok(Estimate::mean_of(values / rho as Real, claim).with("log_sobolev", rho));
        }
        let weight = self.config.weight * self.config.decay.factor(view.step);
        let claim = Guarantee::heuristic("the weight stands for Lipschitz constants that are not known");
        let mut estimate = Estimate::mean_of(values, claim);
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
