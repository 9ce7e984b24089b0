//! The baseline `none`: no upper bound, one-sided training.

use ebm_core::bounds::{EnergyView, Estimate, Guarantee, Level, Measurement, Target, UpperFormula};
use ebm_core::error::BoundError;
use ebm_core::geometry::Geometry;
use ebm_core::register_upper_bound;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No upper bound: the energy minimises `E_data[E] - E_pg[E]` alone, a lower bound that can run to minus infinity.
///
/// ```
/// # use ebm_core::bounds::{EnergySituation, EnergyView, Level, Target};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
/// # use ebm_core::random::Random;
/// # use ebm_core::tape::SharedTape;
/// use bounds_gp::NoneConfig;
/// use ebm_core::registry::UpperBoundSpec;
///
/// // It has no options.
/// assert!(toml::from_str::<NoneConfig>("weight = 1.0").is_err());
/// let mut bound = toml::from_str::<NoneConfig>("")?.build(Fixed::<1, 1>, Random::new(0))?;
/// assert_eq!(bound.target(), Target::Nothing);
///
/// // Whatever the models, it adds nothing and claims nothing.
/// let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// let energy = QuadraticEnergy::new(Fixed::<1, 1>, &[1.0], &[0.0]);
/// let situation = EnergySituation::<Fixed<1, 1>> {
///     energy: &energy,
///     generator: &generator,
///     latents: &Fixed::<1, 1>.latents(vec![1.0, -1.0]),
///     data: &Fixed::<1, 1>.samples(vec![1.0, 3.0]),
/// };
/// let view = EnergyView::new(&situation, SharedTape::off(), Random::new(0), 1);
/// let found = bound.divergence(&view)?.measurement;
/// assert_eq!((found.value, found.guarantee.level), (0.0, Level::Heuristic));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

impl UpperFormula for NoneConfig {
    fn divergence<G: Geometry>(&self, view: &EnergyView<'_, G>) -> Result<Estimate, BoundError> {
        let measurement = Measurement::exact(0.0, view.batch(), Guarantee::heuristic("no upper bound"));
        Ok(Estimate::new(view.tape.constant(0.0), measurement))
    }

    fn coupling(&self, _samples: usize) -> Option<&'static str> {
        None
    }

    fn target(&self) -> Target {
        Target::Nothing
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
