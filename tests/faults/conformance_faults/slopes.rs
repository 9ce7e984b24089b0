//! Bounds whose value is right and whose gradient is not.

use ebm_core::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bound;

/// The entropy of the noise, `D/2 ln(2 pi e sigma^2)`, with a slope in sigma.
fn noise_entropy<G: Geometry>(view: &GeneratorView<'_, G>, slope: Option<Real>) -> Result<Estimate, BoundError> {
    let (width, sigma) = (view.geometry().data_width(), view.generator.facts().noise);
    if sigma == 0.0 {
        return Err(BoundError::unsupported("fault", "the generator adds no noise", "set generator.noise above 0"));
    }
    let entropy = standard_normal_entropy(width) + width as f64 * sigma.ln();
    let value = match slope {
        Some(slope) => view.sigma() * slope + (entropy - f64::from(slope) * sigma) as Real,
        None => view.tape.constant(entropy),
    };
    let claim = Guarantee::certified("knowing z cannot raise the entropy");
    Ok(Estimate::new(value, Measurement::exact(entropy, view.batch(), claim)))
}

macro_rules! noise {
    ($(#[$doc:meta])+ $config:ident $name:literal $slope:expr) => {
        $(#[$doc])+
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $config {}

        impl LowerFormula for $config {
            fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
                noise_entropy(view, $slope)
            }
        }

        register_lower_bound!(
            $config,
            name: $name,
            summary: "a planted fault",
            reference: "none",
            guarantee: Level::Certified,
            needs: &[Need::Noise],
        );
    };
}

noise!(
    /// The noise's level is taken for a constant.
    SigmaWithoutSlope "fault-sigma-without-slope" None
);
noise!(
    /// A slope in the noise's level that is far off.
    SigmaWithWrongSlope "fault-sigma-with-wrong-slope" Some(-1000.0)
);

/// A gradient of the right size, or twice that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Slope {
    #[default]
    Right,
    Twice,
}

/// The gradient is wrong with one choice of an option only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OneVariant {
    slope: Slope,
}

impl LowerFormula for OneVariant {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        let mut estimate = bound::entropy("sound", view)?;
        if self.slope == Slope::Twice {
            let value = item(&estimate.value);
            estimate.value = estimate.value * 2.0 - value as Real;
        }
        Ok(estimate)
    }
}

register_lower_bound!(
    OneVariant,
    name: "fault-one-variant",
    summary: "a planted fault",
    reference: "none",
    guarantee: Level::Certified,
    needs: &[Need::Jacobian],
);

/// The same, named as a choice that is not differentiated exactly.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NamedVariant {
    slope: Slope,
}

impl LowerFormula for NamedVariant {
    fn entropy<G: Geometry>(&self, view: &GeneratorView<'_, G>) -> Result<Estimate, BoundError> {
        OneVariant { slope: self.slope }.entropy(view)
    }
}

register_lower_bound!(
    NamedVariant,
    name: "named-variant",
    summary: "a sound bound with an approximate choice",
    reference: "none",
    guarantee: Level::Certified,
    needs: &[Need::Jacobian],
    approximate_gradient: ["slope.twice"],
);
