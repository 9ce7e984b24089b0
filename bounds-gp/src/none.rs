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
///
/// ```
/// use bounds_gp::NoneConfig;
/// use ebm_core::bounds::Target;
/// use ebm_core::geometry::Fixed;
/// use ebm_core::random::Random;
/// use ebm_core::registry::UpperBoundSpec;
///
/// // It has no options.
/// assert!(toml::from_str::<NoneConfig>("weight = 1.0").is_err());
/// let bound = toml::from_str::<NoneConfig>("")?.build(Fixed::<2, 2>, Random::new(0))?;
/// assert_eq!(bound.target(), Target::Nothing);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

/// The absence of an upper bound.
///
/// ```
/// # use ebm_core::bounds::{EnergySituation, EnergyView, Level, Measurement, Target, UpperBound};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::{LinearGaussian, QuadraticEnergy};
/// # use ebm_core::random::Random;
/// # use ebm_core::registry::UpperBoundSpec;
/// # use ebm_core::tape::SharedTape;
/// # fn measured(bound: &mut dyn UpperBound<Fixed<1, 1>>) -> Measurement {
/// #     let generator = LinearGaussian::new(Fixed::<1, 1>, &[2.0], &[0.0], 0.0);
/// #     let energy = QuadraticEnergy::new(Fixed::<1, 1>, &[1.0], &[0.0]);
/// #     let situation = EnergySituation::<Fixed<1, 1>> {
/// #         energy: &energy,
/// #         generator: &generator,
/// #         latents: &Fixed::<1, 1>.latents(vec![1.0, -1.0]),
/// #         data: &Fixed::<1, 1>.samples(vec![1.0, 3.0]),
/// #     };
/// #     let view = EnergyView::new(&situation, SharedTape::off(), Random::new(0), 1);
/// #     bound.divergence(&view).unwrap().measurement
/// # }
/// use bounds_gp::NoUpperBound;
///
/// let found = measured(&mut NoUpperBound);
/// assert_eq!((found.value, found.guarantee.level), (0.0, Level::Heuristic));
/// ```
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
