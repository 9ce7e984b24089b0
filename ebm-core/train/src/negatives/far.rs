//! Samples far from the data, where neither the generator nor chains from it go.

use ebm_core::{data::Dataset, device::Real, random::Random};

use super::data_scale::DataScale;

/// The far region starts at this many times the distance of the farthest of the training samples looked at.
const START: f64 = 1.5;
/// The far region ends at this many times the distance at which it starts.
const END: f64 = 100.0;
/// A far sample for so many generated ones.
const GENERATED: usize = 16;

/// The region between two ellipsoids around the data, in which the density of samples falls with the distance r as `r^-(D+1)`, that of the
/// distance as `r^-2`: half of them lie within twice the distance at which it starts, and one in eleven beyond ten times that.
pub(crate) struct FarRegion {
    scale: DataScale,
    /// The distance from the data's mean at which it starts, in deviations.
    start: f64,
}

impl FarRegion {
    /// The region beyond the training samples.
    pub fn of(data: &dyn Dataset, random: Random) -> Self {
        let scale = DataScale::of(data, random);
        let drawn = data.draw(1_000.min(1 + (1 << 22) / scale.width()), random.stream("far-region"));
        let farthest = drawn.chunks_exact(scale.width()).map(|row| scale.distance(row)).fold(0.0, f64::max);
        Self { scale, start: START * farthest.max(1.0) }
    }

    /// Whether a point lies in it, or beyond it.
    pub fn has(&self, point: &[Real]) -> bool {
        let distance = self.scale.distance(point);
        distance > self.start || distance.is_nan()
    }

    /// Number of far samples beside `generated` ones.
    pub fn count(generated: usize) -> usize {
        generated.div_ceil(GENERATED)
    }

    /// Samples `[n, D]`, row-major, and the logarithms of `1/q(x)`, `[n]`, where q is their density.
    pub fn draw(&self, n: usize, random: Random) -> (Vec<Real>, Vec<f64>) {
        let width = self.scale.width();
        let log_deviations = self.scale.log_volume();
        let (mut points, mut log_inverse) = (Vec::with_capacity(n * width), Vec::with_capacity(n));
        let directions = random.stream("direction").normals(n * width);
        for (row, place) in directions.chunks_exact(width).zip(random.stream("distance").uniforms(n)) {
            let length = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            let distance = self.start / (1.0 - f64::from(place) * (1.0 - 1.0 / END));
            points.extend(self.scale.point(row.iter().map(|v| f64::from(*v) * distance / length)));
            // The density of the distance is start / (distance^2 (1 - 1/END)), spread over the sphere of that radius.
            let of_distance = self.start.ln() - 2.0 * distance.ln() - (1.0 - 1.0 / END).ln();
            let sphere = log_sphere(width) + (width as f64 - 1.0) * distance.ln();
            log_inverse.push(sphere - of_distance + log_deviations);
        }
        (points, log_inverse)
    }
}

/// The logarithm of the area of the unit sphere in so many dimensions, `2 pi^(D/2) / Gamma(D/2)`.
fn log_sphere(width: usize) -> f64 {
    // Gamma(1/2) = sqrt pi, Gamma(1) = 1, Gamma(x + 1) = x Gamma(x).
    let start = if width % 2 == 1 { 0.5 * std::f64::consts::PI.ln() } else { 0.0 };
    let first = if width % 2 == 1 { 0.5 } else { 1.0 };
    let steps = (width.div_ceil(2)).saturating_sub(1);
    let log_gamma = start + (0..steps).map(|k| (first + k as f64).ln()).sum::<f64>();
    2f64.ln() + 0.5 * width as f64 * std::f64::consts::PI.ln() - log_gamma
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_of_spheres_are_those_of_the_textbook() {
        use std::f64::consts::PI;
        // Two points, a circle, a sphere, and those in four and five dimensions.
        for (width, area) in [(1, 2.0), (2, 2.0 * PI), (3, 4.0 * PI), (4, 2.0 * PI * PI), (5, 8.0 * PI * PI / 3.0)] {
            assert!((log_sphere(width).exp() / area - 1.0).abs() < 1e-12, "{width}");
        }
    }

    #[test]
    fn the_weights_of_far_samples_integrate_over_the_region() {
        // exp(-|u|) in units of the deviations, over the region from r = 3 on, in the plane: 2 pi (r + 1) e^-r s_1 s_2.
        let scale = DataScale::from_moments(vec![(1.0, 4.0), (-2.0, 0.25)]);
        let far = FarRegion { scale, start: 3.0 };
        let n = 200_000;
        let (points, log_inverse) = far.draw(n, Random::new(3));
        let weights = points.chunks_exact(2).zip(&log_inverse).map(|(x, h)| {
            assert!(far.has(x));
            (h - far.scale.distance(x)).exp()
        });
        let mean = weights.sum::<f64>() / n as f64;
        let exact = std::f64::consts::TAU * 4.0 * (-3f64).exp() * 2.0 * 0.5;
        assert!((mean / exact - 1.0).abs() < 0.02, "{mean} {exact}");
        assert!(!far.has(&[1.0, -2.0]) && far.has(&[Real::NAN, 0.0]));
    }
}
