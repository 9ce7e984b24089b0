use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smart_default::SmartDefault;

/// How much an evaluation does.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateConfig {
    /// Held-out samples the likelihood is computed on (all of them, if a finite data set has fewer).
    #[default(10_000)]
    pub held_out: usize,
    /// Samples drawn from the generator.
    #[default(10_000)]
    pub generated: usize,
    /// Share of all samples that must be good ones of a mode for it to count as covered. 0: one sample is enough.
    pub min_share: f64,
    /// How log Z is computed in one and two dimensions.
    pub quadrature: QuadratureConfig,
    /// How log Z is bracketed in any number of dimensions.
    pub annealing: AnnealingConfig,
    /// How wells of the energy away from the data are searched for.
    pub wells: WellsConfig,
    /// What is measured of generated images.
    pub images: ImagesConfig,
}

impl EvaluateConfig {
    /// The options of an evaluation during training, where images are not measured and no wells are searched for.
    pub fn quick() -> Self {
        Self {
            held_out: 5000,
            generated: 5000,
            quadrature: QuadratureConfig::quick(),
            wells: WellsConfig { chains: 0, ..Default::default() },
            images: ImagesConfig { classifier: false, ..Default::default() },
            ..Default::default()
        }
    }

    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.held_out >= 2, "held_out", self.held_out, "at least 2 samples")?;
        ConfigError::require(self.generated >= 2, "generated", self.generated, "at least 2 samples")?;
        ConfigError::require((0.0..1.0).contains(&self.min_share), "min_share", self.min_share, "a share in [0, 1)")?;
        self.quadrature.check().map_err(|e| e.within("quadrature"))?;
        self.annealing.check().map_err(|e| e.within("annealing"))?;
        self.wells.check().map_err(|e| e.within("wells"))?;
        self.images.check().map_err(|e| e.within("images"))
    }
}

/// What is measured of generated images.
#[derive(Clone, Debug, PartialEq, Eq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImagesConfig {
    /// Measure grey images, and stacks of them, by a classifier that is trained on the data when it is first needed, and kept.
    #[default(true)]
    pub classifier: bool,
    /// Generated samples whose modes are counted, where a sample is a stack of digits. 26000 is customary.
    #[default(26_000)]
    pub stacked_samples: usize,
    /// Neighbours k of precision, recall, density and coverage.
    #[default(5)]
    pub neighbours: usize,
    /// Most samples of each kind these are computed from: their time grows with its square.
    #[default(5000)]
    pub neighbour_samples: usize,
}

impl ImagesConfig {
    /// The neighbour that decides, and the most samples of each kind.
    pub(crate) fn by(&self) -> (usize, usize) {
        (self.neighbours, self.neighbour_samples)
    }

    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (stacked, (k, samples)) = (self.stacked_samples, self.by());
        ConfigError::require(stacked >= 2, "stacked_samples", stacked, "at least 2 samples")?;
        ConfigError::require(k > 0, "neighbours", k, "a number > 0")?;
        let expected = format!("more samples than neighbours ({k})");
        ConfigError::require(samples > k, "neighbour_samples", samples, &expected)
    }
}

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

/// Annealed importance sampling between a Gaussian fitted to the data, or the generator, and the model, both ways: bounds of log Z
/// in any number of dimensions.
#[derive(Clone, Debug, PartialEq, Eq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnnealingConfig {
    /// Chains each way. 0: log Z is not bracketed; some hundred do.
    pub chains: usize,
    /// Where chains start.
    pub start: Start,
    /// Distributions between the start and the model. The bracket closes as their number grows.
    #[default(1000)]
    pub temperatures: usize,
    /// Leapfrog steps of the Hamiltonian transition at each of them. Each costs a gradient of the energy a chain.
    #[default(5)]
    pub leapfrog: usize,
    /// Transitions on the model itself that samples of it are drawn by, for the upper bound.
    #[default(200)]
    pub burn_in: usize,
    /// Also bound the negative log-likelihood of the annealed sampler itself, which starts at the Gaussian, on as many held-out
    /// samples as there are chains.
    pub sampler: bool,
}

/// Where annealed chains start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Start {
    /// A Gaussian fitted to the data.
    #[default]
    Gaussian,
    /// The generator: a flow by its density, one with noise together with its latents.
    Generator,
}

impl AnnealingConfig {
    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.chains != 1, "chains", self.chains, "0 for none, or at least 2")?;
        ConfigError::require(self.temperatures >= 3, "temperatures", self.temperatures, "a number of at least 3")?;
        ConfigError::require(self.leapfrog > 0, "leapfrog", self.leapfrog, "a number > 0")?;
        let expected = "false where there are no chains; set chains to some hundred";
        ConfigError::require(self.chains > 0 || !self.sampler, "sampler", self.sampler, expected)
    }
}

/// The search for wells of the energy away from the data, by Hamiltonian chains from broad starts, at each final evaluation.
#[derive(Clone, Debug, PartialEq, Eq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WellsConfig {
    /// Chains from broad starts, and as many from data to compare with. 0: no search.
    #[default(64)]
    pub chains: usize,
    /// Transitions of each. Each costs four gradients of the energy a chain.
    #[default(40)]
    pub transitions: usize,
}

impl WellsConfig {
    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.transitions >= 4, "transitions", self.transitions, "a number of at least 4")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        type Spoil = fn(&mut EvaluateConfig);
        assert_eq!(EvaluateConfig::default().check(), Ok(()));
        let spoils: [(&str, Spoil); 7] = [
            ("quadrature.tolerance", |config| config.quadrature.tolerance = 0.0),
            ("min_share", |config| config.min_share = 1.5),
            ("annealing.chains", |config| config.annealing.chains = 1),
            ("annealing.temperatures", |config| config.annealing.temperatures = 2),
            ("annealing.leapfrog", |config| config.annealing.leapfrog = 0),
            ("annealing.sampler", |config| config.annealing.sampler = true),
            ("wells.transitions", |config| config.wells.transitions = 3),
        ];
        for (key, spoil) in spoils {
            let mut config = EvaluateConfig::default();
            spoil(&mut config);
            assert_eq!(config.check().unwrap_err().key, key);
        }
    }
}
