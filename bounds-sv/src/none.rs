//! The baseline `none`: no entropy, the plain adversarial generator.

use ebm_core::bounds::{Estimate, GeneratorView, Guarantee, Level, LowerFormula, Measurement};
use ebm_core::error::BoundError;
use ebm_core::geometry::Geometry;
use ebm_core::register_lower_bound;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// No lower bound: the generator minimises `E_pg[E]` alone, and nothing keeps it from collapsing to the lowest energy.
///
/// ```
/// # use ebm_core::bounds::{GeneratorView, Level};
/// # use ebm_core::geometry::{Fixed, Geometry};
/// # use ebm_core::models::closed_form::LinearGaussian;
/// # use ebm_core::random::Random;
/// # use ebm_core::tape::SharedTape;
/// use bounds_sv::NoneConfig;
/// use ebm_core::registry::LowerBoundSpec;
///
/// // It has no options.
/// assert!(toml::from_str::<NoneConfig>("lambda = 1.0").is_err());
/// let mut bound = toml::from_str::<NoneConfig>("")?.build(Fixed::<2, 2>, Random::new(0))?;
/// assert!(!bound.bounds_entropy());
///
/// // Whatever the generator, it adds nothing and claims nothing.
/// let generator = LinearGaussian::new(Fixed::<2, 2>, &[1.0, 0.0, 0.0, 3.0], &[0.0, 0.0], 0.0);
/// let latents = Fixed::<2, 2>.latents(vec![0.5, -1.0, 2.0, 0.1]);
/// let view = GeneratorView::<Fixed<2, 2>>::new(&generator, &latents, SharedTape::off(), Random::new(0), 1);
/// let found = bound.entropy(&view)?.measurement;
/// assert_eq!((found.value, found.guarantee.level), (0.0, Level::Heuristic));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoneConfig {}

impl LowerFormula for NoneConfig {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let measurement = Measurement::exact(0.0, view.batch(), Guarantee::heuristic("no lower bound"));
        Ok(Estimate::new(view.tape.constant(0.0), measurement))
    }

    fn coupling(&self, _samples: usize) -> Option<&'static str> {
        None
    }

    fn bounds_entropy(&self) -> bool {
        false
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
