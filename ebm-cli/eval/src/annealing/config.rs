use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

/// Annealed importance sampling between a Gaussian fitted to the data and the model, both ways: bounds of log Z in any number
/// of dimensions.
#[derive(Clone, Debug, PartialEq, Eq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnnealingConfig {
    /// Chains each way. 0: log Z is not bracketed; some hundred do.
    pub chains: usize,
    /// Distributions between the Gaussian and the model. The bracket closes as their number grows.
    #[default(1000)]
    pub temperatures: usize,
    /// Leapfrog steps of the Hamiltonian transition at each of them. Each costs a gradient of the energy a chain.
    #[default(5)]
    pub leapfrog: usize,
    /// Transitions on the model itself that samples of it are drawn by, for the upper bound.
    #[default(200)]
    pub burn_in: usize,
}

impl AnnealingConfig {
    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.chains != 1, "chains", self.chains, "0 for none, or at least 2")?;
        ConfigError::require(self.temperatures >= 3, "temperatures", self.temperatures, "a number of at least 3")?;
        ConfigError::require(self.leapfrog > 0, "leapfrog", self.leapfrog, "a number > 0")
    }
}
