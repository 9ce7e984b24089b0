use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

/// How log Z is computed.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuadratureConfig {
    /// Refine until log Z changes by less than this, in nats, or by less than the rounding of the energies themselves.
    #[default(1e-6)]
    pub tolerance: f64,
    /// Cells an axis on the data's box to start from (16 times as many in one dimension).
    #[default(256)]
    pub start: usize,
    /// Energies evaluated at most. When they are spent the value is given as it is, marked as not converged.
    #[default(4096 * 4096)]
    pub max_evaluations: usize,
    /// How often the box is doubled at least, to find mass far from the data.
    #[default(4)]
    pub min_doublings: u32,
    /// How often the box is doubled at most.
    #[default(12)]
    pub max_doublings: u32,
}

impl QuadratureConfig {
    /// The options of an evaluation during training: 1e-3 nats, usually below 100,000 points.
    pub fn quick() -> Self {
        Self { tolerance: 1e-3, start: 128, max_evaluations: 1024 * 1024, min_doublings: 2, max_doublings: 12 }
    }

    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { tolerance, start, min_doublings: min, max_doublings: max, .. } = *self;
        ConfigError::require(tolerance > 0.0 && tolerance.is_finite(), "tolerance", tolerance, "a number of nats > 0")?;
        ConfigError::require((8..=4096).contains(&start), "start", start, "a number of cells from 8 to 4096")?;
        ConfigError::require((1..=40).contains(&max), "max_doublings", max, "a number from 1 to 40")?;
        ConfigError::require((1..=max).contains(&min), "min_doublings", min, "a number from 1 to max_doublings")
    }
}
