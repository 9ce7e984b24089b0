use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

use ebm_core::error::ConfigError;

/// Refined negatives: samples that Langevin steps with a Metropolis test have moved towards low energy, kept from step to step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct RefineConfig {
    /// Share s of `E_pg[E]` in the energy's step that is taken at the chains instead, in [0, 1). 0: none.
    pub share: f64,
    /// Langevin steps of a chain each time it is its turn.
    #[default(5)]
    pub steps: u64,
    /// Step size h of `x - h v grad E(x) + sqrt(2 h v) n`, where v is the data's variance along each column.
    #[default(1e-3)]
    pub step_size: f64,
    /// Chains that are kept, at least; each step of the energy moves `share` times the batch, those that have waited longest.
    #[default(10_000)]
    pub buffer: usize,
    /// Probability that a chain starts anew from a generated sample when it is its turn.
    #[default(0.05)]
    pub restart: f64,
}

impl RefineConfig {
    /// Number of chains that a step of the energy moves, of all processes together.
    pub(crate) fn chains(&self, batch: usize) -> usize {
        (self.share * batch as f64).round() as usize
    }

    pub(crate) fn check(&self, batch: usize) -> Result<(), ConfigError> {
        ConfigError::require((0.0..1.0).contains(&self.share), "share", self.share, "a number in [0, 1)")?;
        let chains = self.chains(batch);
        let expected = format!("0, or a share of at least one of batch = {batch} samples");
        ConfigError::require(self.share == 0.0 || chains > 0, "share", self.share, &expected)?;
        ConfigError::require(self.steps > 0, "steps", self.steps, "a number > 0")?;
        ConfigError::require_positive("step_size", self.step_size)?;
        let expected = format!("at least {chains}, the chains that a step moves");
        ConfigError::require(self.buffer >= chains, "buffer", self.buffer, &expected)?;
        ConfigError::require((0.0..=1.0).contains(&self.restart), "restart", self.restart, "a number in [0, 1]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_cannot_be_used_are_refused_with_what_was_expected() {
        let refused = |config: RefineConfig| config.check(20).unwrap_err().to_string();
        let one_of_all = RefineConfig { share: 0.01, ..Default::default() };
        assert_eq!(refused(one_of_all), "share = 0.01: expected 0, or a share of at least one of batch = 20 samples");
        let few = RefineConfig { share: 0.25, buffer: 4, ..Default::default() };
        assert_eq!(refused(few), "buffer = 4: expected at least 5, the chains that a step moves");
        assert_eq!(
            refused(RefineConfig { share: 1.0, ..Default::default() }),
            "share = 1: expected a number in [0, 1)"
        );
        for config in [RefineConfig::default(), RefineConfig { share: 0.25, buffer: 5, ..Default::default() }] {
            config.check(20).unwrap();
        }
    }
}
