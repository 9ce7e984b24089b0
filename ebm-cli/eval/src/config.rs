//! How much an evaluation does.

use ebm_core::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annealing::AnnealingConfig;
use crate::quadrature::QuadratureConfig;

/// How much an evaluation does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateConfig {
    /// Held-out samples the likelihood is computed on (all of them, if a finite data set has fewer).
    pub held_out: usize,
    /// Samples drawn from the generator.
    pub generated: usize,
    /// Share of all samples that must be good ones of a mode for it to count as covered. 0: one sample is enough.
    pub min_share: f64,
    /// How log Z is computed in one and two dimensions.
    pub quadrature: QuadratureConfig,
    /// How log Z is bracketed in any number of dimensions.
    pub annealing: AnnealingConfig,
    /// What is measured of generated images.
    pub images: ImagesConfig,
}

impl EvaluateConfig {
    /// The options of a final evaluation.
    pub fn thorough() -> Self {
        Self {
            held_out: 10_000,
            generated: 10_000,
            min_share: 0.0,
            quadrature: QuadratureConfig::thorough(),
            annealing: AnnealingConfig::default(),
            images: ImagesConfig::default(),
        }
    }

    /// The options of an evaluation during training.
    pub fn quick() -> Self {
        Self {
            held_out: 5000,
            generated: 5000,
            quadrature: QuadratureConfig::quick(),
            images: ImagesConfig::none(),
            ..Self::thorough()
        }
    }

    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require(self.held_out >= 2, "held_out", self.held_out, "at least 2 samples")?;
        ConfigError::require(self.generated >= 2, "generated", self.generated, "at least 2 samples")?;
        ConfigError::require((0.0..1.0).contains(&self.min_share), "min_share", self.min_share, "a share in [0, 1)")?;
        self.quadrature.check().map_err(|e| e.within("quadrature"))?;
        self.annealing.check().map_err(|e| e.within("annealing"))?;
        self.images.check().map_err(|e| e.within("images"))
    }
}

impl Default for EvaluateConfig {
    fn default() -> Self {
        Self::thorough()
    }
}

/// What is measured of generated images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImagesConfig {
    /// Measure grey images, and stacks of them, by a classifier that is trained on the data when it is first needed, and kept.
    pub classifier: bool,
    /// Generated samples whose modes are counted, where a sample is a stack of digits. 26000 is customary.
    pub stacked_samples: usize,
    /// Neighbours k of precision, recall, density and coverage.
    pub neighbours: usize,
    /// Most samples of each kind these are computed from: their time grows with its square.
    pub neighbour_samples: usize,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self { classifier: true, stacked_samples: 26_000, neighbours: 5, neighbour_samples: 5000 }
    }
}

impl ImagesConfig {
    /// The options of an evaluation during training: images are not measured.
    pub fn none() -> Self {
        Self { classifier: false, ..Default::default() }
    }

    /// Refuses values that cannot be used.
    ///
    /// # Errors
    /// The first such value, with what was expected.
    pub fn check(&self) -> Result<(), ConfigError> {
        let samples = self.stacked_samples;
        ConfigError::require(samples >= 2, "stacked_samples", samples, "at least 2 samples")?;
        ConfigError::require(self.neighbours > 0, "neighbours", self.neighbours, "a number > 0")?;
        ConfigError::require(
            self.neighbour_samples > self.neighbours,
            "neighbour_samples",
            self.neighbour_samples,
            &format!("more samples than neighbours ({})", self.neighbours),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_make_no_sense_are_refused_by_name() {
        let mut config = EvaluateConfig::default();
        assert_eq!(config.check(), Ok(()));
        config.quadrature.tolerance = 0.0;
        assert_eq!(config.check().unwrap_err().key, "quadrature.tolerance");
        config.min_share = 1.5;
        assert_eq!(config.check().unwrap_err().key, "min_share");
    }
}
