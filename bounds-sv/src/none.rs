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
///
/// ```
/// use bounds_sv::NoneConfig;
/// use ebm_core::geometry::Fixed;
/// use ebm_core::random::Random;
/// use ebm_core::registry::LowerBoundSpec;
///
/// // It has no options.
/// assert!(toml::from_str::<NoneConfig>("lambda = 1.0").is_err());
/// let bound = toml::from_str::<NoneConfig>("")?.build(Fixed::<2, 2>, Random::new(0))?;
/// assert!(!bound.bounds_entropy());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

/// The absence of a lower bound.
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
/// use bounds_sv::NoLowerBound;
///
/// // Nothing to train, and nothing claimed.
/// let found = measured(&mut NoLowerBound);
/// assert_eq!((found.value, found.guarantee.level), (0.0, Level::Heuristic));
/// ```
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
