//! Where chains start when there is no generator to start them.

use ebm_core::data::Dataset;
use ebm_core::device::Real;
use ebm_core::random::Random;

use crate::observers::moments;

/// Draws `[n, D]` from a Gaussian with the data's mean and standard deviation along each axis.
pub fn gaussian_fit(data: &dyn Dataset, number: usize, random: Random) -> Vec<Real> {
    let (width, moments) = (data.width(), moments(data, 10_000, random));
    let normals = random.stream("start").normals(number * width);
    let place = |(i, n): (usize, Real)| {
        let (mean, deviation) = moments[i % width];
        (mean + deviation * f64::from(n)) as Real
    };
    normals.into_iter().enumerate().map(place).collect()
}
