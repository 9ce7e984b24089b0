//! The simplest model of data, as a yardstick.

use ebm_core::data::Dataset;
use ebm_core::random::Random;

/// Samples the Gaussian is fitted to.
const SAMPLES: usize = 10_000;

/// Negative log-likelihood in nats of a Gaussian with the data's mean and standard deviation along each axis: half the
/// sum of log(2 pi e variance) over the axes. A model that is much worse has learnt nothing.
pub fn gaussian_nll(data: &dyn Dataset, random: Random) -> f64 {
    let entropy = |variance: f64| 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * variance).ln();
    moments(data, SAMPLES, random)
        .into_iter()
        .map(|(_, deviation)| entropy(deviation * deviation))
        .sum()
}

/// Mean and standard deviation of each column, from up to `n` draws.
pub fn moments(data: &dyn Dataset, n: usize, random: Random) -> Vec<(f64, f64)> {
    let width = data.width();
    let sample = data.draw(n, random.stream("moments"));
    let column = |index: usize| {
        let values = || sample.iter().skip(index).step_by(width).map(|&v| f64::from(v));
        let count = values().count().max(1) as f64;
        let mean = values().sum::<f64>() / count;
        (mean, (values().map(|v| (v - mean).powi(2)).sum::<f64>() / count).sqrt())
    };
    (0..width).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ebm_core::registry::{self, DatasetConfig};
    use std::path::Path;

    #[test]
    fn the_fit_to_a_grid_of_gaussians_is_known() {
        let config = (registry::find::<dyn DatasetConfig>("25-gaussians").unwrap().example)();
        let data = config.load(Path::new("."), Random::new(0)).unwrap();
        for (mean, deviation) in moments(&*data, 40_000, Random::new(1)) {
            // A 5 x 5 grid of spacing 2 divided by 2.828 has variance 1.0004 along each axis, plus (0.05 / 2.828)^2.
            assert!(
                mean.abs() < 0.03 && (deviation - 1.0004).abs() < 0.02,
                "{mean} {deviation}"
            );
        }
        // log(2 pi e) = 2.8379
        assert!((gaussian_nll(&*data, Random::new(1)) - 2.8379).abs() < 0.05);
    }
}
