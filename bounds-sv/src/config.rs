use ebm_core::{prelude::*, registry::LowerBoundSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use crate::SingularValues;

/// The entropy of the generator from the singular values of its Jacobian.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SvConfig {
    /// Which function of the singular values.
    pub variant: Variant,
    /// How the smallest singular value is found.
    pub solver: Solver,
}

/// Which function of the singular values s_1 <= ... <= s_d.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Variant {
    /// d log s_1: the papers' bound.
    #[default]
    Smallest,
    /// sum_i log s_i = 1/2 log det(J^T J): the value that `smallest` bounds; d pushforwards a sample.
    LogDet,
}

/// How the smallest singular value is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Solver {
    /// From the whole Jacobian: d pushforwards a sample.
    #[default]
    Exact,
    /// By conjugate directions on products with J and its transpose. Stopped early it overestimates s_1, so the value
    /// is no longer a bound.
    Iterative(IterativeSolver),
}

/// Options of the iterative solver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct IterativeSolver {
    /// Products with J^T J a step at most.
    #[default(2)]
    pub steps: usize,
    /// Start from the vectors of the previous step instead of random ones.
    #[default(true)]
    pub warm_start: bool,
    /// Relative residual ||J^T J v - s^2 v|| / ||J||^2 below which a sample has converged.
    #[default(1e-4)]
    pub tolerance: f64,
}

impl LowerBoundSpec for SvConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let Solver::Iterative(solver) = self.solver else {
            return Ok(());
        };
        ConfigError::require(
            self.variant == Variant::Smallest,
            "solver",
            "iterative",
            "\"exact\" with variant = \"log-det\": the iteration finds the smallest value only",
        )?;
        ConfigError::require(solver.steps > 0, "solver.iterative.steps", solver.steps, "a number > 0")?;
        ConfigError::require_not_negative("solver.iterative.tolerance", solver.tolerance)
    }

    fn needs_full_rank(&self) -> bool {
        matches!(self.variant, Variant::Smallest | Variant::LogDet)
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        let (d, wide) = (geometry.latent_width(), geometry.data_width());
        ConfigError::require(
            d <= wide,
            "kind",
            "sv",
            &format!("no more latent dimensions than data dimensions; with {d} > {wide} the Jacobian is singular"),
        )?;
        Ok(Box::new(SingularValues::new(self.clone(), geometry, random)))
    }
}

register_lower_bound!(
    SvConfig,
    name: "sv",
    summary: "entropy from the singular values of the generator's Jacobian",
    reference: "Geng et al., \"Bounds all around\", NeurIPS 2021, section 3",
    guarantee: Level::Certified,
    needs: &[Need::Jacobian],
    // Stopped early, its vector is not the singular one, which alone may be held fixed.
    approximate_gradient: ["solver.iterative"],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_values_are_refused_by_key() {
        let key = |c: SvConfig| c.check().unwrap_err().key;
        let iterative = |solver| SvConfig { solver: Solver::Iterative(solver), ..Default::default() };
        let none = IterativeSolver { steps: 0, ..Default::default() };
        assert_eq!(key(iterative(none)), "solver.iterative.steps");
        let log_det = SvConfig { variant: Variant::LogDet, ..iterative(IterativeSolver::default()) };
        assert_eq!(key(log_det), "solver");
        assert!(SvConfig::default().check().is_ok());
    }
}
