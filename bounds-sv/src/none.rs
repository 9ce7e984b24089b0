//! The baseline `none`: no entropy, the plain adversarial generator.

use dfdx::prelude::*;
use ebm_core::bounds::{Estimate, GeneratorView, Guarantee, Level, LowerBound, Measurement};
use ebm_core::device::{Scalar, device};
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::geometry::Geometry;
use ebm_core::parameter::{Module, Parameter};
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

impl Module for NoLowerBound {
    fn parameters(&self) -> Vec<&Parameter> {
        Vec::new()
    }
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }
}

impl<G: Geometry> LowerBound<G> for NoLowerBound {
    fn entropy(&mut self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let zero: Scalar = device().zeros();
        Ok(Estimate {
            value: zero.put_tape(view.tape.clone()),
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
