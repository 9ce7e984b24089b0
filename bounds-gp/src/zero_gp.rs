//! The baseline `zero-gp`: a penalty on the energy's gradient at the data.

use ebm_core::bounds::{EnergyView, Estimate, Guarantee, Level, Target, UpperFormula};
use ebm_core::device::Real;
use ebm_core::error::{BoundError, ConfigError};
use ebm_core::geometry::Geometry;
use ebm_core::kernels::directions::{RowNorm, norms};
use ebm_core::models::energy_gradient;
use ebm_core::register_upper_bound;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::penalty::of_gradient;

/// weight * E_data ||grad_x E||^2: keeps the energy flat where the data is. No bound.
///
/// ```
/// # use ebm_core::bounds::{EnergySituation, EnergyView, Target};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
/// # use ebm_core::random::Random;
/// # use ebm_core::tape::SharedTape;
/// use bounds_gp::ZeroGpConfig;
/// use ebm_core::registry::UpperBoundSpec;
///
/// let config: ZeroGpConfig = toml::from_str("weight = -1.0")?;
/// assert_eq!(config.check().unwrap_err().key, "weight");
/// let config: ZeroGpConfig = toml::from_str("")?;
/// assert_eq!((config.weight, config.check()), (0.1, Ok(())));
///
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let energy = QuadraticEnergy::new(Fixed::<1, 1>, &[1.0], &[0.0]);
/// let situation = EnergySituation::<Fixed<1, 1>> {
///     energy: &energy,
///     generator: &generator,
///     latents: &Fixed::<1, 1>.latents(vec![1.0, -1.0]),
///     data: &Fixed::<1, 1>.samples(vec![1.0, 3.0]),
/// };
/// let view = EnergyView::new(&situation, SharedTape::off(), Random::new(0), 1);
/// // E(x) = x^2 / 2 at the data 1 and 3: 0.1 (1 + 9) / 2.
/// let mut bound = config.build(Fixed::<1, 1>, Random::new(0))?;
/// assert!((bound.divergence(&view)?.measurement.value - 0.5).abs() < 1e-6);
/// assert_eq!(bound.target(), Target::Nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ZeroGpConfig {
    /// Weight of the penalty.
    pub weight: f64,
}

impl Default for ZeroGpConfig {
    fn default() -> Self {
        Self { weight: 0.1 }
    }
}

impl UpperFormula for ZeroGpConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let weight = self.weight as Real;
        let (_, gradient) = energy_gradient(view.energy, view.data);
        let (halves, slopes) = norms(&gradient, RowNorm::HalfSquare);
        let (sizes, directions) = (halves * (2.0 * weight), slopes * (2.0 * weight));
        let (penalty, _) = of_gradient(view.energy, view.data, sizes, directions, &view.tape);
        Ok(Estimate::mean_of(
            penalty,
            Guarantee::heuristic("a penalty, not a bound"),
        ))
    }

    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("weight", self.weight)
    }

    fn coupling(&self, _samples: usize) -> Option<&'static str> {
        None
    }

    fn target(&self) -> Target {
        Target::Nothing
    }
}

register_upper_bound!(
    ZeroGpConfig,
    name: "zero-gp",
    summary: "baseline: penalty on the energy's gradient at the data",
    reference: "the baseline of Geng et al., NeurIPS 2021; Mescheder et al., ICML 2018 (R1)",
    guarantee: Level::Heuristic,
    needs: &[],
);
