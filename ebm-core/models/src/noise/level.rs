//! The level itself, as a generator holds it.

use super::{LearnedNoise, NoiseConfig};
use ebm_core::device::Real;
use ebm_core::parameter::Parameter;

/// The standard deviation sigma of a generator's noise.
///
/// A generator that holds one lists [`NoiseLevel::parameter`] among its parameters, hands it out as
/// [`Generator::noise_level`](ebm_core::models::Generator::noise_level), and calls [`NoiseLevel::commit`] in its own
/// `commit`, which keeps a learned level within its limits.
#[derive(Clone, Debug)]
pub enum NoiseLevel {
    /// A constant.
    Fixed(f64),
    /// A trained number.
    Learned {
        /// sigma, `[1]`.
        sigma: Parameter,
        /// Its limits.
        limits: LearnedNoise,
    },
}

impl NoiseLevel {
    /// The level that `config` describes, under the name `noise`.
    pub fn new(config: &NoiseConfig) -> Self {
        match config {
            NoiseConfig::Fixed(sigma) => Self::Fixed(*sigma),
            NoiseConfig::Learned { learned } => Self::Learned {
                sigma: Parameter::trained("noise", vec![1], vec![learned.start as Real]),
                limits: learned.clone(),
            },
        }
    }

    /// sigma now.
    pub fn sigma(&self) -> f64 {
        match self {
            Self::Fixed(sigma) => *sigma,
            Self::Learned { sigma, .. } => f64::from(sigma.values()[0]),
        }
    }

    /// The trained number, if it is one.
    pub fn parameter(&self) -> Option<&Parameter> {
        match self {
            Self::Fixed(_) => None,
            Self::Learned { sigma, .. } => Some(sigma),
        }
    }

    /// The same, to change.
    pub fn parameter_mut(&mut self) -> Option<&mut Parameter> {
        match self {
            Self::Fixed(_) => None,
            Self::Learned { sigma, .. } => Some(sigma),
        }
    }

    /// Puts a learned level back between its limits.
    pub fn commit(&mut self) {
        if let Self::Learned { sigma, limits } = self {
            let value = sigma.values()[0].clamp(limits.min as Real, limits.max as Real);
            sigma.set(&[value]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learned_level_is_kept_within_its_limits() {
        let mut level =
            NoiseLevel::new(&NoiseConfig::Learned { learned: LearnedNoise { start: 0.5, min: 0.25, max: 1.0 } });
        assert_eq!(level.sigma(), 0.5);
        for (moved, kept) in [(0.75, 0.75), (2.0, 1.0), (-3.0, 0.25)] {
            level.parameter_mut().unwrap().set(&[moved]);
            level.commit();
            assert_eq!(level.sigma(), kept);
        }
        assert!(NoiseLevel::new(&NoiseConfig::Fixed(0.1)).parameter().is_none());
    }
}
