use crate::prelude::*;
use std::f64::consts::PI;

/// Two interleaved half circles.
///
/// scikit-learn's `make_moons` with noise 0.1, as FFJORD (Grathwohl et al., 2019) uses it: doubled and moved by
/// (-1, -0.2). An angle t uniform on [0, pi] gives (cos t, sin t) on the upper moon, (1 - cos t, 1/2 - sin t) on the lower.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwoMoons {
    /// Standard deviation of the noise along an axis before scaling.
    #[default(0.1)]
    pub noise: f64,
    /// What the moons, of radius 1, are multiplied by.
    #[default(2.0)]
    pub scale: f64,
}

impl Source for TwoMoons {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let angles = uniforms(n, random, "angle").into_iter().map(|u| PI * u);
        let points = angles.zip(choices(n, 2, random, "moon")).map(|(angle, moon)| {
            let (sine, cosine) = angle.sin_cos();
            let [x, y] = if moon == 0 { [cosine, sine] } else { [1.0 - cosine, 0.5 - sine] };
            [self.scale * (x - 0.5), self.scale * (y - 0.1)]
        });
        with_noise(points, n, self.scale * self.noise, random)
    }
}

impl DatasetSpec for TwoMoons {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::require_not_negative("noise", self.noise)?;
        require_positive("scale", self.scale)
    }
    load_endless!(clone);
}

register_dataset!(
    TwoMoons,
    name: "two-moons",
    summary: "two interleaved half circles (D = 2)",
    reference: "scikit-learn make_moons; Grathwohl et al., FFJORD, ICLR 2019",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_noise_every_sample_is_on_one_of_the_two_half_circles() {
        let moons = TwoMoons { noise: 0.0, scale: 2.0 };
        for row in moons.sample(500, Random::new(1)).chunks(2) {
            let (x, y) = (f64::from(row[0]), f64::from(row[1]));
            let upper = ((x + 1.0).hypot(y + 0.2) - 2.0).abs() < 1e-5 && y > -0.2 - 1e-5;
            let lower = ((x - 1.0).hypot(y - 0.8) - 2.0).abs() < 1e-5 && y < 0.8 + 1e-5;
            assert!(upper ^ lower, "({x}, {y})");
        }
    }
}
