//! The options, and the registration.

use ebm_core::bounds::{Level, LowerBound};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::random::Random;
use ebm_core::register_lower_bound;
use ebm_core::registry::LowerBoundSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::NeighbourEntropy;

/// The generator's entropy from the distances of its samples to their nearest neighbours.
///
/// ```
/// use ebm_core::registry::LowerBoundSpec;
/// use entropy_knn::EntropyKnnConfig;
///
/// let config: EntropyKnnConfig = serde_json::from_str(r#"{ "k": 5 }"#)?;
/// assert_eq!((config.k, config.lambda), (5, 1.0));
/// let config: EntropyKnnConfig = serde_json::from_str(r#"{ "k": 0 }"#)?;
/// assert_eq!(config.check().unwrap_err().to_string(), "k = 0: expected a whole number >= 1");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EntropyKnnConfig {
    /// Which neighbour's distance is taken, from 1; the batch must have more samples. A larger one varies less and is biased
    /// more.
    pub k: usize,
    /// Weight of the entropy in the generator's objective.
    pub lambda: f64,
}

impl Default for EntropyKnnConfig {
    fn default() -> Self {
        Self { k: 3, lambda: 1.0 }
    }
}

impl LowerBoundSpec for EntropyKnnConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.k >= 1, "k", self.k, "a whole number >= 1")?;
        ConfigError::require_not_negative("lambda", self.lambda)
    }

    fn build<G: Geometry>(&self, geometry: G, _random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        Ok(Box::new(NeighbourEntropy::new(self.clone(), geometry.data_width())))
    }
}

register_lower_bound!(
    EntropyKnnConfig,
    name: "entropy-knn",
    summary: "entropy from the distances of the generator's samples to their nearest neighbours",
    reference: "Kozachenko and Leonenko, Probl. Inf. Transm. 23, 1987; Kraskov et al., Phys. Rev. E 69, 2004, Eq. 20",
    guarantee: Level::Asymptotic,
    needs: &[],
);
