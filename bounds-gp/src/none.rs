//! The baseline `none`: no upper bound, one-sided training.

use ebm_core::bounds::{EnergyView, Estimate, Guarantee, Level, Measurement, Target, UpperBound};
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_core::register_upper_bound;
use ebm_core::registry::UpperBoundSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No upper bound: the energy minimises `E_data[E] - E_pg[E]` alone, a lower bound that can run to minus infinity.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

/// The absence of an upper bound.
pub struct NoUpperBound;

ebm_core::no_parameters!(NoUpperBound);

impl<G: Geometry> UpperBound<G> for NoUpperBound {
    fn divergence(&mut self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        Ok(Estimate {
            value: view.tape.constant(0.0),
            measurement: Measurement::of([0.0, 0.0], Guarantee::heuristic("no upper bound")),
        })
    }

    fn target(&self) -> Target {
        Target::Nothing
    }
}

impl UpperBoundSpec for NoneConfig {
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    fn build<G: Geometry>(&self, _geometry: G, _random: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
        Ok(Box::new(NoUpperBound))
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
