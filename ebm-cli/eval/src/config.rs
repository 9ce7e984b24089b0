use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smart_default::SmartDefault;
use std::fmt;

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

/// What is made certain about log Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// A proof where the energy gives one, of at most 100000 boxes: seconds. Else what `grid` says.
    #[default]
    Auto,
    /// Nothing: log Z from energies at the nodes of a grid. Exact to many digits where the energy is smooth at the nodes' distance, but
    /// a well between the nodes is not seen.
    Grid,
    /// A proof, or no value: the energy is enclosed over boxes that fill all space, until `width` is reached or `max_boxes` are spent.
    /// For dense networks with a confinement.
    Verified,
}

/// How log Z is computed in one and two dimensions; the name of the rule alone stands for its defaults.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", deny_unknown_fields, default)]
pub struct QuadratureConfig {
    /// Whether log Z is proved, besides being computed on a grid.
    pub rule: Rule,
    /// Difference between the two sides of a proved log Z, in nats, at which it is narrow enough.
    #[default(0.02)]
    pub width: f64,
    /// Boxes that a proof may take at most. When they are spent, it is as wide as it is.
    #[default(8_000_000)]
    pub max_boxes: usize,
    /// Refine until log Z changes by less than this, in nats, or by less than the rounding of the energies themselves.
    #[default(1e-6)]
    pub tolerance: f64,
    /// Cells an axis on the data's box to start from (16 times as many in one dimension).
    #[default(256)]
    pub start: usize,
    /// Energies evaluated at most. When they are spent the value is given as it is, marked as not converged.
    #[default(4096 * 4096)]
    pub max_evaluations: usize,
    /// How often the box is doubled at least, to find mass far from the data; but no more than `max_doublings` times.
    #[default(8)]
    pub min_doublings: u32,
    /// How often the box is doubled at most.
    #[default(12)]
    pub max_doublings: u32,
}

impl Serialize for QuadratureConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for QuadratureConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

/// Reads the name of a rule, or a table of options.
struct NameOrTable;

impl<'de> Visitor<'de> for NameOrTable {
    type Value = QuadratureConfig;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a rule, or a table")
    }
    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(QuadratureConfig { rule: Rule::deserialize(name.into_deserializer())?, ..Default::default() })
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        QuadratureConfig::deserialize(MapAccessDeserializer::new(map))
    }
}

impl QuadratureConfig {
    /// The options of an evaluation during training: 1e-3 nats, usually below 100,000 points.
    pub fn quick() -> Self {
        let default = Self::default();
        Self { rule: Rule::Grid, tolerance: 1e-3, start: 128, max_evaluations: 1024 * 1024, ..default }
    }

    /// Refuses values that cannot be used: the first of them, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { tolerance, start, min_doublings: min, max_doublings: max, width, .. } = *self;
        ConfigError::require(width > 0.0 && width.is_finite(), "width", width, "a number of nats > 0")?;
        ConfigError::require(tolerance > 0.0 && tolerance.is_finite(), "tolerance", tolerance, "a number of nats > 0")?;
        ConfigError::require((8..=4096).contains(&start), "start", start, "a number of cells from 8 to 4096")?;
        ConfigError::require((1..=40).contains(&max), "max_doublings", max, "a number from 1 to 40")?;
        ConfigError::require((1..=40).contains(&min), "min_doublings", min, "a number from 1 to 40")
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
    /// The generator: a flow by its density, one with noise together with its latents, where each leapfrog step costs several Jacobians,
    /// too.
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
    fn the_name_of_a_rule_stands_for_its_defaults() {
        let read = |text: &str| serde_json::from_str::<QuadratureConfig>(text).map_err(|error| error.to_string());
        let verified = QuadratureConfig { rule: Rule::Verified, ..Default::default() };
        assert_eq!(read("\"verified\""), Ok(verified.clone()));
        assert_eq!(read(r#"{"rule": "verified", "start": 64}"#).unwrap().start, 64);
        assert_eq!(read(&serde_json::to_string(&verified).unwrap()), Ok(verified));
        for (text, told) in [("\"sure\"", "`sure`"), (r#"{"sure": 1}"#, "`sure`"), ("1", "the name of a rule")] {
            assert!(read(text).unwrap_err().contains(told), "{text}");
        }
    }

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        type Spoil = fn(&mut EvaluateConfig);
        assert_eq!(EvaluateConfig::default().check(), Ok(()));
        let spoils: [(&str, Spoil); 8] = [
            ("quadrature.tolerance", |config| config.quadrature.tolerance = 0.0),
            ("min_share", |config| config.min_share = 1.5),
            ("quadrature.width", |config| config.quadrature.width = f64::NAN),
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
