use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No lower bound: the generator minimises `E_pg[E]` alone, and nothing keeps it from collapsing to the lowest energy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

impl LowerFormula for NoneConfig {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let measurement = Measurement::exact(0.0, view.batch(), Guarantee::heuristic("no lower bound"));
        Ok(Estimate::new(view.tape.constant(0.0), measurement))
    }

    fn bounds_entropy(&self) -> bool {
        false
    }
}

register_lower_bound!(
    NoneConfig,
    name: "none",
    summary: "baseline: no entropy, the plain adversarial generator (which can collapse)",
    reference: "Goodfellow et al., \"Generative adversarial nets\", NeurIPS 2014",
    guarantee: Level::Heuristic,
    needs: &[],
);
