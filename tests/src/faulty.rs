//! `ebm` with a bound that breaks its contract, which `ebm bounds check` must find.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number, called a certified lower bound of every entropy.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Overclaimed {}

impl LowerFormula for Overclaimed {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let measurement = Measurement::exact(100.0, view.batch(), Guarantee::certified("it says so"));
        Ok(Estimate::new(view.tape.constant(100.0), measurement))
    }
}

register_lower_bound!(
    Overclaimed,
    name: "overclaimed",
    summary: "a planted fault",
    reference: "none",
    guarantee: Level::Certified,
    needs: &[],
);

#[global_allocator]
static ALLOCATOR: ebm_cli::Allocator = ebm_cli::Allocator;

fn main() -> std::process::ExitCode {
    ebm_cli::run()
}
