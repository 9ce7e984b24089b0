//! The options of annealed importance sampling.

use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Annealed importance sampling between a Gaussian fitted to the data and the model, both ways: bounds of log Z in any number
/// of dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnnealingConfig {
    /// Chains each way. 0: log Z is not bracketed; some hundred do.
    pub chains: usize,
    /// Distributions between the Gaussian and the model. The bracket closes as their number grows.
    pub temperatures: usize,
    /// Leapfrog steps of the Hamiltonian transition at each of them. Each costs a gradient of the energy a chain.
    pub leapfrog: usize,
    /// Transitions on the model itself that samples of it are drawn by, for the upper bound.
    pub burn_in: usize,
}

impl Default for AnnealingConfig {
    fn default() -> Self {
        Self { chains: 0, temperatures: 1000, leapfrog: 5, burn_in: 200 }
    }
}

impl AnnealingConfig {
    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.chains != 1, "chains", self.chains, "0 for none, or at least 2")?;
        ConfigError::require(self.temperatures >= 3, "temperatures", self.temperatures, "a number of at least 3")?;
        ConfigError::require(self.leapfrog > 0, "leapfrog", self.leapfrog, "a number > 0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let refused = |config: AnnealingConfig| config.check().unwrap_err().key;
        let default = AnnealingConfig::default;
        assert_eq!(default().check(), Ok(()));
        assert_eq!(refused(AnnealingConfig { chains: 1, ..default() }), "chains");
        assert_eq!(refused(AnnealingConfig { temperatures: 2, ..default() }), "temperatures");
        assert_eq!(refused(AnnealingConfig { leapfrog: 0, ..default() }), "leapfrog");
    }
}
