//! Options that cannot be copied.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Floor {}

impl LowerFormula for Floor {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let measurement = Measurement::exact(0.0, view.batch(), Guarantee::heuristic("no bound"));
        Ok(Estimate::new(view.tape.constant(0.0), measurement))
    }
}

fn main() {}
