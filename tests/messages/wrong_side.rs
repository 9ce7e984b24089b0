//! An upper bound that is registered as a lower one.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Penalty {}

impl UpperFormula for Penalty {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        Ok(Estimate::mean_of(view.generated_energy(), Guarantee::heuristic("a penalty")))
    }
}

register_lower_bound!(
    Penalty,
    name: "penalty",
    summary: "the energy",
    reference: "none",
    guarantee: Level::Heuristic,
    needs: &[],
);

fn main() {}
