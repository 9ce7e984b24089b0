//! The baseline `zero-gp`: a penalty on the energy's gradient at the data.

use ebm_core::kernels::directions::{RowNorm, norms};
use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// weight * E_data ||grad_x E||^2: keeps the energy flat where the data is. No bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ZeroGpConfig {
    /// Weight of the penalty.
    pub weight: f64,
}

impl Default for ZeroGpConfig {
    fn default() -> Self {
        Self { weight: 0.1 }
    }
}

impl UpperFormula for ZeroGpConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let weight = self.weight as Real;
        let (_, gradient) = energy_gradient(view.energy, view.data);
        let (halves, slopes) = norms(&gradient, RowNorm::HalfSquare);
        let (sizes, directions) = (halves * (2.0 * weight), slopes * (2.0 * weight));
        let (penalty, _) = through_gradient(view.energy, view.data, sizes, directions, &view.tape);
        let claim = Guarantee::heuristic("a penalty, not a bound");
        Ok(Estimate::mean_of(penalty, claim))
    }

    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("weight", self.weight)
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
