//! The baseline `none`: no upper bound, one-sided training.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
