//! The options of a quadrature.

use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How log Z is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QuadratureConfig {
    /// Refine until log Z changes by less than this, in nats, or by less than the rounding of the energies themselves.
    pub tolerance: f64,
    /// Cells an axis on the data's box to start from (16 times as many in one dimension).
    pub start: usize,
    /// Energies evaluated at most. When they are spent the value is given as it is, marked as not converged.
    pub max_evaluations: usize,
    /// How often the box is doubled at least, to find mass far from the data.
    pub min_doublings: u32,
    /// How often the box is doubled at most.
    pub max_doublings: u32,
}

impl QuadratureConfig {
    /// The options of a final evaluation: 1e-6 nats (or rounding, if larger), up to 4096 x 4096 points.
    pub fn thorough() -> Self {
        Self { tolerance: 1e-6, start: 256, max_evaluations: 4096 * 4096, min_doublings: 4, max_doublings: 12 }
    }

    /// The options of an evaluation during training: 1e-3 nats, usually below 100,000 points.
    pub fn quick() -> Self {
        Self { tolerance: 1e-3, start: 128, max_evaluations: 1024 * 1024, min_doublings: 2, max_doublings: 12 }
    }

    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let tolerance = self.tolerance;
        ConfigError::require(tolerance > 0.0 && tolerance.is_finite(), "tolerance", tolerance, "a number of nats > 0")?;
        ConfigError::require(
            (8..=4096).contains(&self.start),
            "start",
            self.start,
            "a number of cells from 8 to 4096",
        )?;
        ConfigError::require(
            (1..=40).contains(&self.max_doublings),
            "max_doublings",
            self.max_doublings,
            "a number from 1 to 40",
        )?;
        ConfigError::require(
            (1..=self.max_doublings).contains(&self.min_doublings),
            "min_doublings",
            self.min_doublings,
            "a number from 1 to max_doublings",
        )
    }
}

impl Default for QuadratureConfig {
    fn default() -> Self {
        Self::thorough()
    }
}
