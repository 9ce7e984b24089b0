use crate::prelude::*;
use std::f64::consts::TAU;

/// Two spirals wound into each other.
///
/// FFJORD's (Grathwohl et al., 2019) figure scaled to an outer radius of 2: an angle t = 2 pi turns sqrt(u), u uniform, gives
/// a point (-cos t, sin t) t and its mirror image through the origin; each coordinate is smeared uniformly, then normally.
#[derive(Clone, Debug, PartialEq, SmartDefault, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TwoSpirals {
    /// Turns of each spiral.
    #[default(1.5)]
    pub turns: f64,
    /// Radius of the spirals' ends.
    #[default(2.0)]
    pub radius: f64,
    /// Width of the uniform smear of each coordinate.
    #[default(0.106)]
    pub smear: f64,
    /// Standard deviation of the noise along an axis.
    #[default(0.064)]
    pub noise: f64,
}

impl Source for TwoSpirals {
    fn sample(&self, n: usize, random: Random) -> Vec<Real> {
        let along = uniforms(n, random, "along").into_iter().map(f64::sqrt);
        let smear = uniforms(n, random, "smear-x").into_iter().zip(uniforms(n, random, "smear-y"));
        let arms = choices(n, 2, random, "arm");
        let points = along.zip(smear).zip(arms).map(|((along, smear), arm)| {
            let (sine, cosine) = (TAU * self.turns * along).sin_cos();
            let x = -self.radius * along * cosine + self.smear * smear.0;
            let y = self.radius * along * sine + self.smear * smear.1;
            if arm == 0 { [x, y] } else { [-x, -y] }
        });
        with_noise(points, n, self.noise, random)
    }
}

impl DatasetSpec for TwoSpirals {
    fn check(&self) -> Result<(), ConfigError> {
        require_positive("turns", self.turns)?;
        require_positive("radius", self.radius)?;
        ConfigError::require_not_negative("smear", self.smear)?;
        ConfigError::require_not_negative("noise", self.noise)
    }
    load_endless!(clone);
}

register_dataset!(
    TwoSpirals,
    name: "two-spirals",
    summary: "two spirals wound into each other (D = 2)",
    reference: "Grathwohl et al., FFJORD, ICLR 2019",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_smear_and_noise_the_radius_tells_the_angle_up_to_the_mirror() {
        let spirals = TwoSpirals { smear: 0.0, noise: 0.0, ..Default::default() };
        let mut arms = [0usize; 2];
        for row in spirals.sample(1000, Random::new(1)).chunks(2) {
            let (x, y) = (f64::from(row[0]), f64::from(row[1]));
            let radius = x.hypot(y);
            let angle = TAU * 1.5 * radius / 2.0;
            let (expected_x, expected_y) = (-radius * angle.cos(), radius * angle.sin());
            let first = (x - expected_x).hypot(y - expected_y) < 1e-4;
            assert!(first || (x + expected_x).hypot(y + expected_y) < 1e-4, "({x}, {y})");
            arms[usize::from(first)] += 1;
        }
        // Binomial: standard deviation 16.
        assert!(arms.iter().all(|count| count.abs_diff(500) < 80), "{arms:?}");
    }
}
