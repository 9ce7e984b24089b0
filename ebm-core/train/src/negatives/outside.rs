//! Samples beside the generator's, of known densities.

use ebm_core::{data::Dataset, device::Real, random::Random};

use super::{data_scale::DataScale, near::Near};

/// Training samples that say how far the data reach, and those of them that say where they are in the plane.
const LOOKED_AT: usize = 10_000;
const REFERENCES: usize = 1_000;
/// The region starts at this many times the distance of the farthest of the samples looked at from their mean.
const START: f64 = 1.5;
/// It ends at this many times the distance at which it starts.
const END: f64 = 100.0;
/// In so many dimensions at most, it has all that is not near a training sample, too.
const PLANE: usize = 2;
/// The share of what is near the data that those samples stand for that are drawn around it, in the plane.
const NEAR_SHARE: f64 = 0.5;

/// The region outside the data, and densities there and near the data.
///
/// In the plane the region is all that is not near a training sample: a net of samples that is fine enough to find any well takes few of
/// them. In more dimensions it is what lies beyond an ellipsoid around the data. Half of the samples, there all of them, have a density
/// that falls with the distance r as `r^-(D+1)` up to a hundred times the ellipsoid's size; the others are spread evenly in the
/// ellipsoid.
pub(crate) struct Outside {
    scale: DataScale,
    /// The size of the ellipsoid, in deviations.
    start: f64,
    /// What is near training samples, in the plane.
    near: Option<Near>,
}

impl Outside {
    /// The region outside the training samples.
    pub fn of(data: &dyn Dataset, random: Random) -> Self {
        let scale = DataScale::of(data, random);
        let width = scale.width();
        let drawn = data.draw(LOOKED_AT.min(1 + (1 << 22) / width), random.stream("outside"));
        Self::around(scale, &drawn)
    }

    fn around(scale: DataScale, samples: &[Real]) -> Self {
        let width = scale.width();
        let farthest = samples.chunks_exact(width).map(|row| scale.distance(row)).fold(0.0, f64::max);
        let near = &samples[..samples.len().min(REFERENCES * width)];
        let near = (width <= PLANE).then(|| Near::around(&scale.shrunk(near), width));
        Self { start: START * farthest.max(1.0), near, scale }
    }

    /// Whether a point lies in the region, or beyond it.
    pub fn contains(&self, point: &[Real]) -> bool {
        let distance = self.scale.distance(point);
        // What is no number is nowhere near.
        let within = distance <= self.start;
        !within || self.near.as_ref().is_some_and(|near| !near.contains(&self.scale.shrunk(point)))
    }

    /// The logarithm of what a sample of the generator counts for, beside those of [`Outside::samples`]: 0, but for its share near the
    /// data, and minus infinity outside.
    pub fn log_share(&self, point: &[Real]) -> f64 {
        if self.contains(point) {
            return f64::NEG_INFINITY;
        }
        if self.near.is_some() { (1.0 - NEAR_SHARE).ln() } else { 0.0 }
    }

    /// Samples `[n, D]`, row-major, beside so many of the generator's, and the logarithms `[n]` of their terms of a sum
    /// `sum_j e^h_j f(x_j)`, whose expectation is the integral of f outside, and of their share of f near the data.
    pub fn samples(&self, generated: usize, random: Random) -> (Vec<Real>, Vec<f64>) {
        let mean = |log_inverse: Vec<f64>, share: f64| {
            let count = (log_inverse.len() as f64).ln();
            log_inverse.into_iter().map(move |h| h + share.ln() - count)
        };
        // In the plane a sample may lie where it does not count: so many never all do.
        let count = if self.near.is_none() { generated.div_ceil(16) } else { generated.div_ceil(8).max(16) };
        let (mut points, log_inverse) = self.draw(count, random.stream("outside"));
        let mut terms: Vec<f64> = mean(log_inverse, 1.0).collect();
        if let Some(near) = &self.near {
            let (around, log_inverse) = near.draw(generated.div_ceil(2), random.stream("near"));
            points.extend(self.scale.stretched(&around));
            terms.extend(mean(log_inverse, NEAR_SHARE).map(|h| h + self.scale.log_volume()));
        }
        (points, terms)
    }

    /// Samples `[n, D]`, row-major, and the logarithms of `1/q(x)`, `[n]`, where q is their density: minus infinity for those that
    /// are not in the region.
    fn draw(&self, n: usize, random: Random) -> (Vec<Real>, Vec<f64>) {
        let width = self.scale.width();
        let (mut points, mut log_inverse) = (Vec::with_capacity(n * width), Vec::with_capacity(n));
        let directions = random.stream("direction").normals(n * width);
        for (row, place) in directions.chunks_exact(width).zip(random.stream("distance").uniforms(n)) {
            let length = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            let (distance, log_density) = self.distance(place.into());
            points.extend(self.scale.point(row.iter().map(|v| f64::from(*v) * distance / length)));
            let inside = self.contains(&points[points.len() - width..]);
            let sphere = log_sphere(width) + (width as f64 - 1.0) * distance.ln();
            let log_volume = sphere - log_density + self.scale.log_volume();
            log_inverse.push(if inside { log_volume } else { f64::NEG_INFINITY });
        }
        (points, log_inverse)
    }

    /// A distance, given a number uniform on [0, 1), and the logarithm of its density.
    fn distance(&self, place: f64) -> (f64, f64) {
        let width = self.scale.width() as f64;
        let beyond = |place: f64| {
            let distance = self.start / (1.0 - place * (1.0 - 1.0 / END));
            (distance, self.start.ln() - 2.0 * distance.ln() - (1.0 - 1.0 / END).ln())
        };
        if self.near.is_none() {
            return beyond(place);
        }
        let (distance, log_density) = match 2.0 * place {
            place if place < 1.0 => {
                // Not 0, whose logarithm is none.
                let distance = self.start * place.max(1e-12).powf(1.0 / width);
                (distance, width.ln() + (width - 1.0) * distance.ln() - width * self.start.ln())
            }
            place => beyond(place - 1.0),
        };
        (distance, log_density - 2f64.ln())
    }
}

/// The logarithm of the area of the unit sphere in so many dimensions, `2 pi^(D/2) / Gamma(D/2)`.
fn log_sphere(width: usize) -> f64 {
    // Gamma(1/2) = sqrt pi, Gamma(1) = 1, Gamma(x + 1) = x Gamma(x).
    let (first, start) = if width % 2 == 1 { (0.5, 0.5 * std::f64::consts::PI.ln()) } else { (1.0, 0.0) };
    let steps = width.div_ceil(2) - 1;
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

    /// The mean weight of `exp(-|u|)`, u in deviations, over so many dimensions, and the exact integral beyond |u| = 3.
    fn integral(columns: &[(f64, f64)], references: Vec<Real>) -> f64 {
        let scale = DataScale::from_moments(columns.to_vec());
        let near = (!references.is_empty()).then(|| Near::around(&scale.shrunk(&references), columns.len()));
        let outside = Outside { scale, start: 3.0, near };
        let n = 200_000;
        let (points, log_inverse) = outside.draw(n, Random::new(3));
        let weights = points.chunks_exact(columns.len()).zip(&log_inverse).map(|(x, h)| {
            assert!(outside.contains(x) || *h == f64::NEG_INFINITY);
            (h - outside.scale.distance(x)).exp()
        });
        weights.sum::<f64>() / n as f64
    }

    #[test]
    fn weights_integrate_over_the_region() {
        // 4 pi s_1 s_2 s_3 times the integral of r^2 e^-r from 3 on, which is 17 e^-3.
        let found = integral(&[(1.0, 4.0), (-2.0, 0.25), (0.0, 1.0)], Vec::new());
        let exact = 4.0 * std::f64::consts::PI * 17.0 * (-3f64).exp();
        assert!((found / exact - 1.0).abs() < 0.02, "{found} {exact}");
        // In the plane all but a disc of radius 0.3 around the mean: 2 pi s_1 s_2 (1 + 0.3) e^-0.3.
        let found = integral(&[(1.0, 4.0), (-2.0, 0.25)], vec![1.0, -2.0]);
        let exact = std::f64::consts::TAU * 1.3 * (-0.3f64).exp();
        assert!((found / exact - 1.0).abs() < 0.02, "{found} {exact}");
    }

    #[test]
    fn what_is_near_a_sample_is_not_outside_and_what_is_no_number_is() {
        let outside = Outside::around(DataScale::from_moments(vec![(0.0, 1.0); 2]), &[1.0, 0.0, 0.0, 2.0]);
        assert_eq!(outside.start, 3.0);
        for (point, is_outside) in [([1.2, 0.2], false), ([0.0, 1.8], false), ([0.5, 0.5], true), ([4.0, 0.0], true)] {
            assert_eq!(outside.contains(&point), is_outside, "{point:?}");
        }
        assert!(outside.contains(&[Real::NAN, 0.0]));
    }
}
