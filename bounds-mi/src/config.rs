//! Options of the bound.

use ebm_core::bounds::{Level, LowerBound};
use ebm_core::error::ConfigError;
use ebm_core::geometry::Geometry;
use ebm_core::optimizer::AdamConfig;
use ebm_core::random::Random;
use ebm_core::register_lower_bound;
use ebm_core::registry::{LowerBoundSpec, Need};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::MutualInformation;
use crate::network::NetworkConfig;
use crate::optimizer::{self, Optimizer};

/// The entropy of the generator from the mutual information of its samples and latents. It needs a generator with noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MiConfig {
    /// How the mutual information is estimated.
    pub estimator: Estimator,
    /// How samples and latents that belong to different draws are paired. `infonce` always uses all pairs;
    /// `barber-agakov` uses none.
    pub product: Product,
    /// Samples among which all pairs are formed; a larger batch is split into groups of about this size. The value of
    /// `infonce` is at most ln(group) above the noise's entropy. Time and memory grow with batch times group.
    pub group: usize,
    /// The network T(x, z), for every estimator but `barber-agakov`.
    pub critic: NetworkConfig,
    /// The network from x to mean and log-variance of a Gaussian over z, for `barber-agakov`.
    pub encoder: NetworkConfig,
    /// The optimiser of the network in use; its learning rate follows the generator's schedule.
    #[serde(with = "Optimizer")]
    #[schemars(with = "AdamConfig")]
    pub optimizer: AdamConfig,
    /// Weight of the entropy in the generator's objective `E_pg[E] - lambda H`. Reported values carry no weight.
    pub lambda: f64,
}

impl Default for MiConfig {
    fn default() -> Self {
        Self {
            estimator: Estimator::default(),
            product: Product::default(),
            group: 64,
            critic: NetworkConfig::default(),
            encoder: NetworkConfig::default(),
            optimizer: optimizer::defaults(),
            lambda: 1.0,
        }
    }
}

/// How the mutual information I(x; z) is estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Estimator {
    /// Jensen-Shannon: it cannot overflow, but its value is not in nats of I. No claim.
    #[default]
    Jsd,
    /// Nguyen, Wainwright and Jordan (f-GAN's KL): certified, of high variance where I is large.
    Nwj,
    /// Donsker and Varadhan (MINE): the logarithm of a batch mean makes it too high; asymptotic.
    Dv,
    /// Noise-contrastive: certified, of low variance, never more than ln(group).
    Infonce,
    /// Barber and Agakov: a Gaussian encoder q(z given x) instead of a critic; certified for every q.
    BarberAgakov,
}

/// How samples and latents that belong to different draws are paired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Product {
    /// Every sample with the latent of one other, by a random cyclic shift of the batch.
    #[default]
    Permutation,
    /// Every sample with the latents of all others in its group.
    AllPairs,
}

impl LowerBoundSpec for MiConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(
            self.group >= 2,
            "group",
            self.group,
            "at least 2: one sample has no other to be paired with",
        )?;
        self.critic.check().map_err(|e| e.within("critic"))?;
        self.encoder.check().map_err(|e| e.within("encoder"))?;
        self.optimizer.check().map_err(|e| e.within("optimizer"))?;
        ConfigError::require_not_negative("lambda", self.lambda)
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        Ok(Box::new(MutualInformation::new(self.clone(), geometry, random)))
    }
}

register_lower_bound!(
    MiConfig,
    name: "mi",
    summary: "entropy from the mutual information of samples and latents, for generators with noise",
    reference: "Geng et al., \"Exploring bidirectional bounds\", IJCV 2025; estimators: Poole et al., ICML 2019",
    guarantee: Level::Certified,
    needs: &[Need::Noise],
);

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::registry::parse_as;
    use serde_json::json;

    #[test]
    fn unusable_values_are_refused_by_key() {
        let key = |c: MiConfig| c.check().unwrap_err().key;
        let base = MiConfig::default;
        assert_eq!(key(MiConfig { group: 1, ..base() }), "group");
        assert_eq!(key(MiConfig { lambda: -1.0, ..base() }), "lambda");
        let network = |hidden: &[usize], init_gain| NetworkConfig {
            hidden: hidden.to_vec(),
            init_gain,
            ..Default::default()
        };
        let critic = network(&[3, 0], 1.0);
        assert_eq!(key(MiConfig { critic, ..base() }), "critic.hidden");
        let encoder = network(&[3], f64::NAN);
        assert_eq!(key(MiConfig { encoder, ..base() }), "encoder.init_gain");
        let mut slow = base();
        slow.optimizer.learning_rate = 0.0;
        assert_eq!(key(slow), "optimizer.learning_rate");
        let affine = network(&[], 1.0);
        assert!(
            MiConfig {
                encoder: affine,
                ..base()
            }
            .check()
            .is_ok()
        );
    }

    #[test]
    fn an_option_that_is_left_out_has_the_default_that_is_described() {
        let read: MiConfig = parse_as(json!({"optimizer": {"learning_rate": 0.5}})).unwrap();
        let mut expected = MiConfig::default();
        expected.optimizer.learning_rate = 0.5;
        assert_eq!(read, expected);
        let written = serde_json::to_value(&expected).unwrap();
        assert_eq!(parse_as::<MiConfig>(written).unwrap(), expected);
        let error = parse_as::<MiConfig>(json!({"optimizer": {"lr": 1}})).unwrap_err();
        assert_eq!(error.path, "optimizer.lr");
    }
}
