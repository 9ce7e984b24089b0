//! The baseline `none`: no entropy, the plain adversarial generator.

use ebm_core::bounds::{Estimate, GeneratorView, Guarantee, Level, LowerBound, Measurement};
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_core::register_lower_bound;
use ebm_core::registry::LowerBoundSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No lower bound: the generator minimises `E_pg[E]` alone, and nothing keeps it from collapsing to the lowest energy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

/// The absence of a lower bound.
pub struct NoLowerBound;

ebm_core::no_parameters!(NoLowerBound);

impl<G: Geometry> LowerBound<G> for NoLowerBound {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        Ok(Estimate {
            value: view.tape.constant(0.0),
            measurement: Measurement::of([0.0, 0.0], Guarantee::heuristic("no lower bound")),
        })
    }

    fn bounds_entropy(&self) -> bool {
        false
    }
}

impl LowerBoundSpec for NoneConfig {
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    fn build<G: Geometry>(&self, _geometry: G, _random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        Ok(Box::new(NoLowerBound))
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
