//! A ring of eight Gaussians.

use ebm_core::data::{DataError, Dataset};
use ebm_core::error::ConfigError;
use ebm_core::random::Random;
use ebm_core::register_dataset;
use ebm_core::registry::DatasetSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;
use std::path::Path;

use super::synthetic::require_positive;
use super::{Endless, GaussianMixture};

/// Eight Gaussians at equal angles on a circle.
///
/// The settings of Gulrajani et al. (2017): radius 2, standard deviation 0.02, all divided by 1.414. (The toy of the
/// same name in the flow literature is broader: radius 4, standard deviation 0.5.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EightGaussians {
    /// Distance of the centres from the origin before scaling.
    pub radius: f64,
    /// Standard deviation of each Gaussian along an axis before scaling.
    pub deviation: f64,
    /// What all coordinates are divided by.
    pub scale: f64,
}

impl Default for EightGaussians {
    fn default() -> Self {
        Self {
            radius: 2.0,
            deviation: 0.02,
            scale: 1.414,
        }
    }
}

impl EightGaussians {
    fn mixture(&self) -> GaussianMixture {
        let radius = self.radius / self.scale;
        let centre = |k: u32| {
            let (sine, cosine) = (TAU * f64::from(k) / 8.0).sin_cos();
            [radius * cosine, radius * sine]
        };
        GaussianMixture::new((0..8).map(centre).collect(), self.deviation / self.scale)
    }
}

impl DatasetSpec for EightGaussians {
    fn check(&self) -> Result<(), ConfigError> {
        require_positive("radius", self.radius)?;
        require_positive("deviation", self.deviation)?;
        require_positive("scale", self.scale)
    }
    fn load(&self, _base: &Path, _random: Random) -> Result<Box<dyn Dataset>, DataError> {
        Ok(Box::new(Endless(self.mixture())))
    }
}

register_dataset!(
    EightGaussians,
    name: "8-gaussians",
    summary: "8 Gaussians on a circle (D = 2)",
    reference: "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017",
);

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    #[test]
    fn the_entropy_is_that_of_separated_components() {
        // log 8 = 2.0794415, log(2 pi e) = 2.8378771, 2 log(0.02 / 1.414) = -8.5168911.
        let entropy = EightGaussians::default().mixture().entropy().unwrap();
        assert!((entropy + 3.599_572_5).abs() < 1e-6, "{entropy}");
    }
}
