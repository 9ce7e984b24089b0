//! Options of the bound.

use ebm_core::bounds::{Level, LowerBound};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_core::register_lower_bound;
use ebm_core::registry::{LowerBoundSpec, Need};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::SingularValues;

/// The entropy of the generator from the singular values of its Jacobian.
///
/// ```
/// # use ebm_core::bounds::{GeneratorView, Level, LowerBound, Measurement};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};
/// # use ebm_core::random::Random;
/// # use ebm_core::registry::LowerBoundSpec;
/// # use ebm_core::tape::SharedTape;
/// # fn measured(bound: &mut dyn LowerBound<Fixed<2, 2>>) -> Measurement {
/// #     let generator = LinearGaussian::new(Fixed::<2, 2>, &[1.0, 0.0, 0.0, 3.0], &[0.0, 0.0], 0.0);
/// #     let latents = Fixed::<2, 2>.latents(vec![0.5, -1.0, 2.0, 0.1]);
/// #     let view = GeneratorView::<Fixed<2, 2>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 1);
/// #     bound.entropy(&view).unwrap().measurement
/// # }
/// use bounds_sv::SvConfig;
///
/// // G(z) = (z_1, 3 z_2), and d log s_1 = 2 ln 1.
/// let config: SvConfig = toml::from_str("lambda = 0.5")?;
/// let mut bound = config.build(Fixed::<2, 2>, Random::new(0))?;
/// let found = measured(&mut *bound);
/// assert!((found.value - standard_normal_entropy(2)).abs() < 1e-5);
/// assert_eq!(found.guarantee.level, Level::Certified);
/// // The weight is the trainer's to apply.
/// assert_eq!(bound.lambda(), 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SvConfig {
    /// Which function of the singular values.
    pub variant: Variant,
    /// How the smallest singular value is found.
    pub solver: Solver,
    /// Weight of the entropy in the generator's objective `E_pg[E] - lambda H`. Reported values carry no weight.
    pub lambda: f64,
}

impl Default for SvConfig {
    fn default() -> Self {
        Self {
            variant: Variant::Smallest,
            solver: Solver::default(),
            lambda: 1.0,
        }
    }
}

/// Which function of the singular values s_1 <= ... <= s_d.
///
/// ```
/// # use ebm_core::bounds::{GeneratorView, Level, LowerBound, Measurement};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};
/// # use ebm_core::random::Random;
/// # use ebm_core::registry::LowerBoundSpec;
/// # use ebm_core::tape::SharedTape;
/// # fn measured(bound: &mut dyn LowerBound<Fixed<2, 2>>) -> Measurement {
/// #     let generator = LinearGaussian::new(Fixed::<2, 2>, &[1.0, 0.0, 0.0, 3.0], &[0.0, 0.0], 0.0);
/// #     let latents = Fixed::<2, 2>.latents(vec![0.5, -1.0, 2.0, 0.1]);
/// #     let view = GeneratorView::<Fixed<2, 2>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 1);
/// #     bound.entropy(&view).unwrap().measurement
/// # }
/// use bounds_sv::{SvConfig, Variant};
///
/// // G(z) = (z_1, 3 z_2) has the singular values 1 and 3.
/// let value = |text: &str| -> Result<f64, Box<dyn std::error::Error>> {
///     let config: SvConfig = toml::from_str(text)?;
///     Ok(measured(&mut *config.build(Fixed::<2, 2>, Random::new(0))?).value)
/// };
/// let (smallest, log_det) = (value("variant = \"smallest\"")?, value("variant = \"log-det\"")?);
/// assert!((log_det - smallest - 3f64.ln()).abs() < 1e-5);
/// assert_eq!(SvConfig::default().variant, Variant::Smallest);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// # use ebm_core::bounds::{GeneratorView, Level, LowerBound, Measurement};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, standard_normal_entropy};
/// # use ebm_core::random::Random;
/// # use ebm_core::registry::LowerBoundSpec;
/// # use ebm_core::tape::SharedTape;
/// # fn measured(bound: &mut dyn LowerBound<Fixed<2, 2>>) -> Measurement {
/// #     let generator = LinearGaussian::new(Fixed::<2, 2>, &[1.0, 0.0, 0.0, 3.0], &[0.0, 0.0], 0.0);
/// #     let latents = Fixed::<2, 2>.latents(vec![0.5, -1.0, 2.0, 0.1]);
/// #     let view = GeneratorView::<Fixed<2, 2>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 1);
/// #     bound.entropy(&view).unwrap().measurement
/// # }
/// use bounds_sv::{Solver, SvConfig};
///
/// let config: SvConfig = toml::from_str("solver = { iterative = { steps = 3 } }")?;
/// assert!(matches!(config.solver, Solver::Iterative(_)));
/// // In two dimensions one step spans everything, but an iteration could always have met another singular value.
/// let found = measured(&mut *config.build(Fixed::<2, 2>, Random::new(0))?);
/// assert!((found.value - standard_normal_entropy(2)).abs() < 1e-3);
/// assert!(found.guarantee.level < Level::Certified);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// ```
/// use bounds_sv::{IterativeSolver, SvConfig};
/// use ebm_core::registry::LowerBoundSpec;
///
/// let solver: IterativeSolver = toml::from_str("steps = 8")?;
/// assert_eq!((solver.steps, solver.warm_start, solver.tolerance), (8, true, 1e-4));
/// // It finds the smallest singular value only.
/// let config: SvConfig = toml::from_str("variant = \"log-det\"\nsolver = { iterative = {} }")?;
/// assert_eq!(config.check().unwrap_err().key, "solver");
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IterativeSolver {
    /// Products with J^T J a step at most.
    pub steps: usize,
    /// Start from the vectors of the previous step instead of random ones.
    pub warm_start: bool,
    /// Relative residual ||J^T J v - s^2 v|| / ||J||^2 below which a sample has converged.
    pub tolerance: f64,
}

impl Default for IterativeSolver {
    fn default() -> Self {
        Self {
            steps: 2,
            warm_start: true,
            tolerance: 1e-4,
        }
    }
}

impl LowerBoundSpec for SvConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("lambda", self.lambda)?;
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
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_values_are_refused_by_key() {
        let key = |c: SvConfig| c.check().unwrap_err().key;
        assert_eq!(
            key(SvConfig {
                lambda: -1.0,
                ..Default::default()
            }),
            "lambda"
        );
        assert_eq!(
            key(SvConfig {
                lambda: f64::NAN,
                ..Default::default()
            }),
            "lambda"
        );
        let iterative = |solver| SvConfig {
            solver: Solver::Iterative(solver),
            ..Default::default()
        };
        assert_eq!(
            key(iterative(IterativeSolver {
                steps: 0,
                ..Default::default()
            })),
            "solver.iterative.steps"
        );
        let log_det = SvConfig {
            variant: Variant::LogDet,
            ..iterative(IterativeSolver::default())
        };
        assert_eq!(key(log_det), "solver");
        assert!(SvConfig::default().check().is_ok());
    }
}
