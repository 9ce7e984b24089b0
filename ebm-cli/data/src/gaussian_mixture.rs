//! Mixtures of round Gaussians with equal weights.

use ebm_core::data::Modes;
use ebm_core::device::Real;
use ebm_core::random::Random;
use std::f64::consts::{E, PI};

use super::synthetic::{Source, choices, with_noise};

/// An equal-weight mixture of round Gaussians in the plane.
#[derive(Clone, Debug)]
pub struct GaussianMixture {
    modes: Modes,
}

impl GaussianMixture {
    /// The mixture with these centres and one standard deviation.
    pub fn new(centres: Vec<[f64; 2]>, standard_deviation: f64) -> Self {
        Self {
            modes: Modes {
                centres: centres.into_iter().map(Vec::from).collect(),
                standard_deviation,
            },
        }
    }

    /// Smallest distance between two centres.
    fn separation(&self) -> f64 {
        let centres = &self.modes.centres;
        let distance = |a: &[f64], b: &[f64]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let pairs = (0..centres.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs
            .map(|(i, j)| distance(&centres[i], &centres[j]))
            .fold(f64::INFINITY, f64::min)
    }
}

impl Source for GaussianMixture {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let components = choices(n, self.modes.centres.len(), random, "component");
        let centres = components.into_iter().map(|k| {
            let centre = &self.modes.centres[k];
            [centre[0], centre[1]]
        });
        with_noise(centres, n, self.modes.standard_deviation, random)
    }

    fn modes(&self) -> Option<Modes> {
        Some(self.modes.clone())
    }

    /// `log K + log(2 pi e s^2)` where the components are at least 12 standard deviations apart (their overlap then
    /// changes the entropy by less than 1e-6 nats); unknown otherwise.
    fn entropy(&self) -> Option<f64> {
        let (count, deviation) = (self.modes.centres.len() as f64, self.modes.standard_deviation);
        let separated = self.separation() >= 12.0 * deviation;
        separated.then(|| count.ln() + (2.0 * PI * E * deviation * deviation).ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_drawn_equally_often_with_their_deviation() {
        let mixture = GaussianMixture::new(vec![[-3.0, 1.0], [0.0, 1.0], [3.0, 1.0]], 0.1);
        let n = 30_000;
        let samples = mixture.sample(n, Random::new(1));
        for centre in [-3.0, 0.0, 3.0] {
            let near: Vec<f64> = samples
                .chunks(2)
                .map(|row| f64::from(row[0]) - centre)
                .filter(|x| x.abs() < 1.0)
                .collect();
            // Binomial: standard deviation sqrt(n * 1/3 * 2/3) = 82.
            assert!((near.len() as f64 - 10_000.0).abs() < 410.0, "{}", near.len());
            let second = near.iter().map(|x| x * x).sum::<f64>() / near.len() as f64;
            // Relative standard error of a variance: sqrt(2 / 10,000) = 0.014.
            assert!((second / 0.01 - 1.0).abs() < 0.07, "{second}");
        }
    }

    #[test]
    fn overlapping_components_have_no_stated_entropy() {
        assert_eq!(GaussianMixture::new(vec![[0.0, 0.0], [1.0, 0.0]], 0.1).entropy(), None);
        assert!(
            GaussianMixture::new(vec![[0.0, 0.0], [1.3, 0.0]], 0.1)
                .entropy()
                .is_some()
        );
    }
}
