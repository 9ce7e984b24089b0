//! A grid of 5 x 5 Gaussians.

use ebm_core::data::{DataError, Dataset};
use ebm_core::error::ConfigError;
use ebm_core::random::Random;
use ebm_core::register_dataset;
use ebm_core::registry::DatasetSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

use super::synthetic::require_positive;
use super::{Endless, GaussianMixture};

/// 25 Gaussians on a 5 x 5 grid in the plane.
///
/// The settings of Gulrajani et al. (2017) and of the papers: spacing 2, standard deviation 0.05, all divided by 2.828.
/// The entropy is `log 25 + log(2 pi e s^2)` = -2.0139 nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwentyFiveGaussians {
    /// Distance of neighbouring centres before scaling.
    pub spacing: f64,
    /// Standard deviation of each Gaussian along an axis before scaling.
    pub deviation: f64,
    /// What all coordinates are divided by.
    pub scale: f64,
}

impl Default for TwentyFiveGaussians {
    fn default() -> Self {
        Self {
            spacing: 2.0,
            deviation: 0.05,
            scale: 2.828,
        }
    }
}

impl TwentyFiveGaussians {
    fn mixture(&self) -> GaussianMixture {
        let place = |index: usize| (index as f64 - 2.0) * self.spacing / self.scale;
        let centres = (0..25).map(|k| [place(k % 5), place(k / 5)]).collect();
        GaussianMixture::new(centres, self.deviation / self.scale)
    }
}

impl DatasetSpec for TwentyFiveGaussians {
    fn check(&self) -> Result<(), ConfigError> {
        require_positive("spacing", self.spacing)?;
        require_positive("deviation", self.deviation)?;
        require_positive("scale", self.scale)
    }
    fn load(&self, _base: &Path, _random: Random) -> Result<Box<dyn Dataset>, DataError> {
        Ok(Box::new(Endless(self.mixture())))
    }
}

register_dataset!(
    TwentyFiveGaussians,
    name: "25-gaussians",
    summary: "25 Gaussians on a 5 x 5 grid (D = 2, entropy -2.0139 nats)",
    reference: "Gulrajani et al., Improved Training of Wasserstein GANs, NeurIPS 2017",
);

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::*;

    #[test]
    fn the_entropy_is_the_known_one() {
        let entropy = TwentyFiveGaussians::default().mixture().entropy().unwrap();
        assert!((entropy + 2.0139).abs() < 5e-5, "{entropy}");
    }

    #[test]
    fn the_centres_form_the_grid_of_the_papers() {
        let modes = TwentyFiveGaussians::default().mixture().modes().unwrap();
        assert_eq!(modes.centres.len(), 25);
        for corner in [[-1.414_427, -1.414_427], [1.414_427, 1.414_427], [0.0, 0.707_214]] {
            let near = |c: &&Vec<f64>| (c[0] - corner[0]).hypot(c[1] - corner[1]) < 1e-6;
            assert_eq!(modes.centres.iter().filter(near).count(), 1, "{corner:?}");
        }
        assert!((modes.standard_deviation - 0.017_680_3).abs() < 1e-6);
    }

    #[test]
    fn a_deviation_of_zero_is_refused_by_name() {
        let config = TwentyFiveGaussians {
            deviation: 0.0,
            ..Default::default()
        };
        assert_eq!(
            config.check().unwrap_err().to_string(),
            "deviation = 0: expected a finite number > 0"
        );
    }
}
