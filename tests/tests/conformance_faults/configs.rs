//! A configuration for each fault, registered under its name.

use ebm_core::bounds::{Level, LowerBound, UpperBound};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_core::registry::{LowerBoundSpec, Need, UpperBoundSpec};
use ebm_core::{register_lower_bound, register_upper_bound};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bound::{Fault, Faulty, JensenShannon};

macro_rules! lower {
    ($($config:ident $name:literal $fault:ident),+ $(,)?) => { $(
        /// A bound with one fault.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $config {}

        lower!(@register $config $name $fault);
    )+ };
    (@register $config:ident $name:literal $fault:ident) => {
        impl LowerBoundSpec for $config {
            fn check(&self) -> Result<(), ConfigError> {
                Ok(())
            }
            fn build<G: Geometry>(&self, geometry: G, _: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
                Ok(Box::new(Faulty::new(Fault::$fault, geometry)))
            }
        }

        register_lower_bound!(
            $config,
            name: $name,
            summary: "a planted fault",
            reference: "none",
            guarantee: Level::Certified,
            needs: &[Need::Jacobian],
        );
    };
}

lower!(
    Sound "sound" None,
    WrongSign "fault-wrong-sign" WrongSign,
    Largest "fault-largest" Largest,
    EarlyStop "fault-early-stop" EarlyStop,
    MeanForSum "fault-mean-for-sum" MeanForSum,
    MissingEntropy "fault-missing-entropy" MissingEntropy,
    EverywhereCertified "fault-everywhere-certified" EverywhereCertified,
    NoGradient "fault-no-gradient" NoGradient,
    Leak "fault-leak" Leak,
    StateNotSaved "fault-state" State,
    Order "fault-order" Order,
    BatchNorm "fault-batch-norm" BatchNorm,
    Unseeded "fault-unseeded" Unseeded,
    Panics "fault-panics" Panics,
    FixedAxes "fault-geometry" Geometry,
    Hidden "fault-hidden" Hidden,
);

/// A configuration that takes whatever it is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnknownKeys {}
lower!(@register UnknownKeys "fault-unknown-keys" None);

/// A configuration that looks at none of its numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nonsense {
    weight: f64,
}
lower!(@register Nonsense "fault-nonsense" None);

/// The Jensen-Shannon divergence, called a bound of Kullback and Leibler's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsdConfig {}

impl UpperBoundSpec for JsdConfig {
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
    fn build<G: Geometry>(&self, _: G, _: Random) -> Result<Box<dyn UpperBound<G>>, ConfigError> {
        Ok(Box::new(JensenShannon))
    }
}

register_upper_bound!(
    JsdConfig,
    name: "fault-jsd",
    summary: "a planted fault",
    reference: "none",
    guarantee: Level::Certified,
    needs: &[],
);
