//! The simplest model of data, as a yardstick and as a start.

use ebm_core::data::{Dataset, column_moments};
use ebm_core::{device::Real, random::Random};

/// Samples the Gaussian is fitted to.
const SAMPLES: usize = 10_000;
/// The most values that are drawn.
const VALUES: usize = 1 << 22;

/// The negative log-likelihood in nats of a Gaussian with the data's mean and standard deviation along each axis: half
/// the sum of log(2 pi e variance) over the axes. A model that is much worse has learnt nothing.
pub fn gaussian_nll(data: &dyn Dataset, random: Random) -> f64 {
    let entropy = |variance: f64| 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E * variance).ln();
    let moments = moments(data, random).into_iter();
    moments.map(|(_, deviation)| entropy(deviation * deviation)).sum()
}

/// Draws `[n, D]` from that Gaussian: where chains start when there is no generator to start them.
pub fn gaussian_fit(data: &dyn Dataset, number: usize, random: Random) -> Vec<Real> {
    gaussian_draws(&moments(data, random), number, random)
}

/// Draws `[n, D]` from the Gaussian with this mean and standard deviation along each axis.
pub fn gaussian_draws(moments: &[(f64, f64)], number: usize, random: Random) -> Vec<Real> {
    let normals = random.stream("start").normals(number * moments.len());
    let place = |(n, (mean, deviation)): (Real, &(f64, f64))| (mean + deviation * f64::from(n)) as Real;
    normals.into_iter().zip(moments.iter().cycle()).map(place).collect()
}

/// Mean and standard deviation of each column, from up to 10,000 draws; fewer of wide data.
pub fn moments(data: &dyn Dataset, random: Random) -> Vec<(f64, f64)> {
    moments_of(data, SAMPLES, random)
}

fn moments_of(data: &dyn Dataset, n: usize, random: Random) -> Vec<(f64, f64)> {
    let width = data.width();
    let n = n.min((VALUES / width).max(2));
    let sample = data.draw(n, random.stream("moments"));
    column_moments(&sample, width).into_iter().map(|(mean, variance)| (mean, variance.sqrt())).collect()
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
        for (mean, deviation) in moments_of(&*data, 40_000, Random::new(1)) {
            // A 5 x 5 grid of spacing 2 divided by 2.828 has variance 1.0004 along each axis, plus (0.05 / 2.828)^2.
            let good = mean.abs() < 0.03 && (deviation - 1.0004).abs() < 0.02;
            assert!(good, "{mean} {deviation}");
        }
        // log(2 pi e) = 2.8379
        assert!((gaussian_nll(&*data, Random::new(1)) - 2.8379).abs() < 0.05);
    }
}
