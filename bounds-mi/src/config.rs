use ebm_core::registry::{Amount, Dimensions, LowerBoundSpec, Size};
use ebm_core::{optimizer::OptimizerOptions, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use smart_default::SmartDefault;

use crate::estimators::{Estimator, Value};
use crate::{EncoderConfig, MutualInformation, network::NetworkConfig};

/// The entropy of the generator from the mutual information of its samples and latents. It needs a generator with noise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, SmartDefault)]
#[serde(deny_unknown_fields, default)]
pub struct MiConfig {
    /// How the mutual information is estimated.
    pub estimator: Estimator,
    /// How a critic's samples and latents that belong to different draws are paired. `infonce` always uses all pairs.
    pub product: Product,
    /// Samples among which all pairs are formed; a larger batch is split into groups of about this size. The value of
    /// `infonce` is at most ln(group) above the noise's entropy. Time and memory grow with batch times group.
    #[default(64)]
    pub group: usize,
    /// Latents of the bank that `multi-sample` compares every sample with, drawn anew at each step. Its value is at most
    /// ln(samples + 1) above the noise's entropy: choose it well above e^I. Time and memory grow with batch times samples.
    #[default(1024)]
    pub samples: usize,
    /// Latents that `importance-weighted` draws from the encoder for every sample, each one a pass through the generator; 0 is
    /// `barber-agakov`.
    #[default(8)]
    pub draws: usize,
    /// The network T(x, z), for estimators with a critic: `jsd`, `nwj`, `dv`, `smile` and `infonce`.
    pub critic: NetworkConfig,
    /// The Gaussian q(z given x), a network from x to its parameters, for `barber-agakov` and `importance-weighted`.
    pub encoder: EncoderConfig,
    /// The optimiser of the network in use: any, by its `kind`. Its learning rate follows the generator's schedule.
    #[serde(deserialize_with = "over_defaults")]
    #[default(default_optimizer())]
    pub optimizer: OptimizerOptions,
}

/// The bound's network fits a target that moves slowly, so momentum helps it where it harms the players of the game.
fn default_optimizer() -> OptimizerOptions {
    OptimizerOptions::new("adam")
        .with("learning_rate", 1e-3)
        .with("beta1", 0.9)
        .with("beta2", 0.99)
        .with("epsilon", 1e-8)
}

fn over_defaults<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OptimizerOptions, D::Error> {
    Ok(OptimizerOptions::deserialize(deserializer)?.or(default_optimizer()))
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

impl MiConfig {
    /// Whether samples are paired within groups, and not by a shift of the batch.
    pub(crate) fn forms_groups(&self) -> bool {
        self.estimator.method().compares_groups || self.product == Product::AllPairs
    }

    /// Pairs of samples with latents of others, at least, in a batch.
    fn pairs(&self, batch: usize) -> f64 {
        let groups = batch.div_ceil(self.group.max(1)).min(batch / 2).max(1);
        let others = if self.forms_groups() { batch as f64 / groups as f64 - 1.0 } else { 1.0 };
        batch as f64 * others.max(0.0)
    }
}

impl LowerBoundSpec for MiConfig {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_within("samples", self.samples, 1..=1 << 20)?;
        ConfigError::require_within("draws", self.draws, 0..=1 << 10)?;
        ConfigError::require(
            self.group >= 2,
            "group",
            self.group,
            "at least 2: one sample has no other to be paired with",
        )?;
        self.critic.check().map_err(|e| e.within("critic"))?;
        self.encoder.check().map_err(|e| e.within("encoder"))
    }

    fn build<G: Geometry>(&self, geometry: G, random: Random) -> Result<Box<dyn LowerBound<G>>, ConfigError> {
        Ok(Box::new(MutualInformation::new(self.clone(), geometry, random)))
    }

    fn size(&self, dimensions: Dimensions) -> Option<Size> {
        let Dimensions { latent, data, batch } = dimensions;
        let [d, wide, rows] = dimensions.numbers();
        let widest = self.critic.hidden.iter().copied().fold(0, usize::max);
        Some(match self.estimator.method().value {
            Value::Encoder => Size::of_network(self.encoder.numbers(data, latent), batch, "encoder.hidden"),
            Value::EncoderDraws => {
                let size = Size::of_network(self.encoder.numbers(data, latent), batch, "encoder.hidden");
                let draws = Amount::new(rows * self.draws as f64 * (d + wide), "draws");
                Size { pass: size.pass.max(draws), ..size }
            }
            Value::Critic(_) => {
                let [trained, kept] = self.critic.numbers(data.saturating_add(latent), 1);
                let option = if self.forms_groups() && self.group > widest { "group" } else { "critic.hidden" };
                Size {
                    parameters: Amount::new(trained, "critic.hidden"),
                    pass: Amount::new((rows + self.pairs(batch)) * kept, option),
                }
            }
            // The bank, and the share of each of its latents in every sample.
            Value::Bank => {
                Size { parameters: Amount::NONE, pass: Amount::new(self.samples as f64 * (d + wide + rows), "samples") }
            }
        })
    }

    fn optimizer(&self) -> Option<OptimizerOptions> {
        Some(self.optimizer.clone())
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
        let network =
            |hidden: &[usize], init_gain| NetworkConfig { hidden: hidden.to_vec(), init_gain, ..Default::default() };
        let critic = network(&[3, 0], 1.0);
        assert_eq!(key(MiConfig { critic, ..base() }), "critic.hidden");
        let encoder =
            |hidden: &[usize], init_gain| EncoderConfig { hidden: hidden.to_vec(), init_gain, ..Default::default() };
        assert_eq!(key(MiConfig { encoder: encoder(&[3], f64::NAN), ..base() }), "encoder.init_gain");
        assert_eq!(MiConfig { encoder: encoder(&[], 1.0), ..base() }.check(), Ok(()));
        assert_eq!(key(MiConfig { samples: 0, ..base() }), "samples");
        assert_eq!(key(MiConfig { draws: 1025, ..base() }), "draws");
        assert_eq!(MiConfig { draws: 0, ..base() }.check(), Ok(()));
    }

    #[test]
    fn the_size_is_that_of_the_network_for_all_pairs_or_of_the_draws() {
        let of = |config: MiConfig| config.size(Dimensions { latent: 2, data: 3, batch: 12 }).unwrap();
        let base = |estimator| MiConfig { estimator, group: 6, ..Default::default() };
        // The network from five inputs, whose pass keeps these and twice the hidden layers of 128, in two groups of six.
        let critic = of(base(Estimator::Infonce));
        assert_eq!(critic.parameters, Amount::new((6 * 128 + 129 * 128 + 129) as f64, "critic.hidden"));
        assert_eq!(critic.pass, Amount::new(((12 + 60) * (5 + 4 * 128)) as f64, "critic.hidden"));
        assert_eq!(of(base(Estimator::Dv)).pass.numbers, (24 * (5 + 4 * 128)) as f64);
        let narrow = NetworkConfig { hidden: vec![4], ..Default::default() };
        assert_eq!(of(MiConfig { critic: narrow, ..base(Estimator::Infonce) }).pass.option, "group");
        let many = MiConfig { draws: 1000, ..base(Estimator::ImportanceWeighted) };
        assert_eq!(of(many).pass, Amount::new(12.0 * 1000.0 * 5.0, "draws"));
        let bank = MiConfig { samples: 100, ..base(Estimator::MultiSample) };
        assert_eq!(of(bank), Size { parameters: Amount::NONE, pass: Amount::new(100.0 * (5.0 + 12.0), "samples") });
    }

    #[test]
    fn an_option_of_the_optimizer_that_is_left_out_has_the_default_of_the_bound() {
        let read: MiConfig = parse_as(json!({"optimizer": {"learning_rate": 0.5}})).unwrap();
        let expected = MiConfig { optimizer: default_optimizer().with("learning_rate", 0.5), ..Default::default() };
        assert_eq!(read, expected);
        let written = serde_json::to_value(&expected).unwrap();
        assert_eq!(parse_as::<MiConfig>(written).unwrap(), expected);
    }
}
