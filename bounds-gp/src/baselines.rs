//! The baselines that the gradient penalty is compared with: `none`, `zero-gp` and `wgan-gp`.

use ebm_core::kernels::directions::{RowNorm, norms, weighted_sums};
use ebm_core::{kernels::combine::combine, prelude::*, schedule::Scheduled, tensor::gradient_penalty};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

/// No upper bound: the energy minimises `E_data[E] - E_pg[E]` alone, a lower bound that can run to minus infinity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

impl UpperFormula for NoneConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let measurement = Measurement::exact(0.0, view.batch(), Guarantee::heuristic("no upper bound"));
        Ok(Estimate::new(view.tape.constant(0.0), measurement))
    }

    fn target(&self) -> Target {
        Target::Nothing
    }
}

register_upper_bound!(
    NoneConfig,
    name: "none",
    summary: "baseline: no upper bound (one-sided training, which can diverge)",
    reference: "the one-sided game that Geng et al., NeurIPS 2021, improve on",
    guarantee: Level::Heuristic,
    needs: &[],
);

/// weight * E_data ||grad_x E||^2: keeps the energy flat where the data is. No bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct ZeroGpConfig {
    /// Weight of the penalty: a number, or one that changes over the run.
    #[default(Scheduled::Constant(0.1))]
    pub weight: Scheduled,
}

impl UpperFormula for ZeroGpConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let (penalty, _) = gradient_penalty(view.energy, view.data, 2.0 * self.weight.at(view.step), &view.tape);
        let claim = Guarantee::heuristic("a penalty, not a bound");
        Ok(Estimate::mean_of(penalty, claim))
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.weight.check_not_negative("weight")
    }

    fn target(&self) -> Target {
        Target::Nothing
    }
}

register_upper_bound!(
    ZeroGpConfig,
    name: "zero-gp",
    summary: "baseline: penalty on the energy's gradient at the data",
    reference: "the baseline of Geng et al., NeurIPS 2021; Mescheder et al., ICML 2018 (R1)",
    guarantee: Level::Heuristic,
    needs: &[],
);

/// weight * E[(||grad_x E(x)|| - 1)^2], x uniform on the segment between a data and a generated sample. No bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct WganGpConfig {
    /// Weight of the penalty: a number, or one that changes over the run.
    #[default(Scheduled::Constant(10.0))]
    pub weight: Scheduled,
}

impl WganGpConfig {
    /// Points `u x + (1 - u) G(z)` `[B, D]`, u uniform on [0, 1), one a pair of samples.
    ///
    /// B is the smaller of the two numbers of samples: there may be fewer held-out than generated samples.
    fn between<G: Geometry>(view: &EnergyView<'_, G>) -> Samples<G> {
        let (data, generated) = (view.data, view.generated());
        let pairs = rows(data).min(rows(generated));
        let shares = view.random.stream("wgan-gp").uniforms(pairs);
        let rest: Vec<Real> = shares.iter().map(|u| 1.0 - u).collect();
        combine((data, &shares), (generated, &rest))
    }
}

impl UpperFormula for WganGpConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let weight = self.weight.at(view.step) as Real;
        let points = Self::between(view);
        let (_, gradient) = energy_gradient(view.energy, &points);
        // The length has no derivative at zero; zero is as good as any direction.
        let (lengths, units) = norms(&gradient, RowNorm::Euclidean);
        let excess = lengths - 1.0;
        let factors = column(excess.clone() * (2.0 * weight));
        let (sizes, directions) = (excess.square() * weight, weighted_sums(&units, &factors));
        let (penalty, _) = through_gradient(view.energy, &points, sizes, directions, &view.tape);
        let claim = Guarantee::heuristic("a penalty, not a bound");
        Ok(Estimate::mean_of(penalty, claim))
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.weight.check_not_negative("weight")
    }

    fn target(&self) -> Target {
        Target::Nothing
    }
}

register_upper_bound!(
    WganGpConfig,
    name: "wgan-gp",
    summary: "baseline: the energy as a critic, its gradient held near length one between data and samples",
    reference: "Gulrajani et al., \"Improved training of Wasserstein GANs\", NeurIPS 2017, Eq. 3",
    guarantee: Level::Heuristic,
    needs: &[],
);
